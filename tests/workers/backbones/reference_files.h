#pragma once

#include <cstdint>
#include <fstream>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

namespace camsweep {

// What the sources say of the catalog's networks: the lines of source_states.txt and reference_numbers.txt, which
// make_reference_numbers.py wrote with torchvision, timm and the authors' repositories.

struct SourceState {
  std::string backbone;
  int64_t parameters = 0;
  size_t entries = 0;
  std::string sha256;  // over the sorted lines "key [shape]"
};

struct ReferenceNumbers {
  std::string backbone;
  int64_t side = 0;
  int classes = 0;
  bool slow = false;
  int64_t channels = 0, map_side = 0;
  double map_mean = 0, map_l2 = 0;
  double logits_mean = 0, logits_l2 = 0, largest_logit = 0;
  std::vector<double> first_logits;
};

inline void PrintTo(const ReferenceNumbers& numbers, std::ostream* out) { *out << numbers.backbone; }

inline std::vector<std::istringstream> lines_of(const std::string& name) {
  std::ifstream in(std::string(CAMSWEEP_SOURCE_DIR) + "/tests/workers/backbones/" + name);
  std::vector<std::istringstream> lines;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with('#')) lines.emplace_back(line);
  }
  return lines;
}

inline std::vector<SourceState> source_states() {
  std::vector<SourceState> states;
  for (std::istringstream& line : lines_of("source_states.txt")) {
    SourceState& state = states.emplace_back();
    line >> state.backbone >> state.parameters >> state.entries >> state.sha256;
  }
  return states;
}

inline std::vector<ReferenceNumbers> reference_numbers() {
  std::vector<ReferenceNumbers> all;
  for (std::istringstream& line : lines_of("reference_numbers.txt")) {
    ReferenceNumbers& row = all.emplace_back();
    std::string speed;
    line >> row.backbone >> row.side >> row.classes >> speed >> row.channels >> row.map_side >> row.map_mean >>
        row.map_l2 >> row.logits_mean >> row.logits_l2 >> row.largest_logit;
    row.slow = speed == "slow";
    for (double logit = 0; line >> logit;) row.first_logits.push_back(logit);
  }
  return all;
}

}  // namespace camsweep
