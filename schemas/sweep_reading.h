#pragma once

#include <string>
#include <vector>

#include "schemas/sweep_spec.h"
#include "schemas/yaml_document.h"

// The steps of load_sweep(), one file each. They read a document that already follows sweep.schema.json.
namespace camsweep {

struct SweepReading {
  const YamlDocument& document;
  Diagnostics& problems;

  const Json& root() const { return document.root; }
  // Null if the file does not have it.
  const Json* find(const std::string& key) const {
    return document.root.contains(key) ? &document.root.at(key) : nullptr;
  }
  void problem(const std::string& pointer, const std::string& sentence) const {
    problems.add(document.place(pointer), readable_path(pointer), sentence);
  }
};

// Reports a value that the parameter cannot take, an unknown backbone among them.
void check_value(const SweepReading& reading, const std::string& parameter, const Json& value,
                 const std::string& pointer);

void read_matrix(const SweepReading& reading, SweepSpec& sweep);    // matrix, zip
void read_rules(const SweepReading& reading, SweepSpec& sweep);     // exclude, include, set, derive
void read_analyses(const SweepReading& reading, SweepSpec& sweep);  // analyses
void read_report(const SweepReading& reading, SweepSpec& sweep);    // report
void read_limits(const SweepReading& reading, SweepSpec& sweep);    // limits

}  // namespace camsweep
