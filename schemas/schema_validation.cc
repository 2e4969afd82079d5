#include "schemas/schema_validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "schemas/text.h"

namespace camsweep {
namespace {

constexpr std::string_view kUnknownKey = "Object contains a property";
constexpr std::string_view kMissingKey = "Missing required property '";

// ["<root>", "[matrix]", "[0]"] -> "/matrix/0"
std::string pointer_of(const std::vector<std::string>& context) {
  std::string pointer;
  for (size_t i = 1; i < context.size(); ++i) pointer += pointer_step(context[i].substr(1, context[i].size() - 2));
  return pointer;
}

bool encloses(const std::string& outer, const std::string& inner) {
  return inner.size() > outer.size() && inner.compare(0, outer.size(), outer) == 0 && inner[outer.size()] == '/';
}

const Json& resolved(const Json& schema, const Json& root) {
  const Json* at = &schema;
  while (at->contains("$ref")) {
    at = &root.at(Json::json_pointer(at->at("$ref").get<std::string>().substr(1)));
  }
  return *at;
}

// The part of the schema that speaks about the value at `pointer`.
const Json& subschema(const Json& root, const std::string& pointer, const Json& value) {
  const Json* schema = &root;
  const Json* at = &value;
  const Json::json_pointer full(pointer);
  std::vector<std::string> steps;
  for (Json::json_pointer rest = full; !rest.empty(); rest.pop_back()) steps.insert(steps.begin(), rest.back());
  for (const std::string& step : steps) {
    if (at->is_array()) {
      schema = &resolved(schema->at("items"), root);
      at = &at->at(std::stoul(step));
      continue;
    }
    const bool named = schema->contains("properties") && schema->at("properties").contains(step);
    schema = &resolved(named ? schema->at("properties").at(step) : schema->at("additionalProperties"), root);
    at = &at->at(step);
  }
  return *schema;
}

std::string described(const Json& value) {
  constexpr size_t kMaxShown = 60;
  if (value.is_null()) return "nothing";
  if (value.is_object()) return value.empty() ? "an empty mapping" : "a mapping";
  std::string text = value.is_string() ? "'" + value.get<std::string>() + "'" : value.dump();
  if (value.is_array() && text.size() > kMaxShown) return "a list";
  return text.size() > kMaxShown ? text.substr(0, kMaxShown) + "...'" : text;
}

std::string expected(const Json& schema) {
  if (schema.contains("enum")) {
    std::vector<std::string> names = schema.at("enum").get<std::vector<std::string>>();
    return (names.size() == 1 ? "" : "one of ") + join(names);
  }
  if (schema.contains("title")) return schema.at("title").get<std::string>();
  return schema.at("type").get<std::string>();
}

std::vector<std::string> known_keys(const Json& schema) {
  std::vector<std::string> keys;
  for (const auto& [key, _] : schema.at("properties").items()) keys.push_back(key);
  return keys;
}

std::string value_sentence(const Json& found, const Json& schema) {
  std::string sentence = fmt::format("found {}, expected {}", described(found), expected(schema));
  if (found.is_string() && schema.contains("enum")) {
    sentence += did_you_mean(found.get<std::string>(), schema.at("enum").get<std::vector<std::string>>());
  }
  return sentence;
}

// What else a key could be: the nearest name, or all of them while they fit a sentence.
std::string key_hint(const std::string& key, const std::vector<std::string>& known) {
  constexpr size_t kMostListed = 24;
  const std::string nearest = did_you_mean(key, known);
  if (!nearest.empty()) return nearest;
  if (known.size() > kMostListed) return fmt::format(", none of the {} that `camsweep schema` describes", known.size());
  return ", expected one of " + join(known);
}

// valijson names the first unknown key alone; an author wants them all.
void add_unknown_keys(const std::string& pointer, const Json& found, const Json& schema, std::vector<Violation>& out) {
  const std::vector<std::string> known = known_keys(schema);
  for (const auto& [key, _] : found.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    out.push_back({pointer + pointer_step(key), Violation::At::kKey,
                   fmt::format("found the unknown key '{}'{}", key, key_hint(key, known))});
  }
}

}  // namespace

std::vector<Violation> validate(const Json& value, const Json& schema_json) {
  valijson::Schema schema;
  valijson::SchemaParser parser;
  parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(schema_json), schema);
  valijson::Validator validator;
  valijson::ValidationResults results;
  validator.validate(schema, valijson::adapters::NlohmannJsonAdapter(value), &results);

  std::vector<Violation> violations;
  std::set<std::string> explained;
  std::vector<std::string> wrong_values;
  for (const auto& error : results) {
    const std::string pointer = pointer_of(error.context);
    const Json& found = value.at(Json::json_pointer(pointer));
    const Json& part = subschema(schema_json, pointer, value);
    if (error.description.rfind(kUnknownKey, 0) == 0) {
      if (explained.insert(pointer + " unknown").second) add_unknown_keys(pointer, found, part, violations);
      explained.insert(pointer);
    } else if (error.description.rfind(kMissingKey, 0) == 0) {
      const std::string key =
          error.description.substr(kMissingKey.size(), error.description.size() - kMissingKey.size() - 2);
      if (explained.insert(pointer + " " + key).second) {
        violations.push_back({pointer, Violation::At::kValue, fmt::format("the key '{}' is missing", key)});
      }
      explained.insert(pointer);
    } else {
      wrong_values.push_back(pointer);
    }
  }
  for (const std::string& pointer : wrong_values) {
    const auto encloses_another = [&](const std::string& other) { return encloses(pointer, other); };
    const bool inner_known = std::any_of(wrong_values.begin(), wrong_values.end(), encloses_another) ||
                             std::any_of(explained.begin(), explained.end(), encloses_another);
    if (inner_known || !explained.insert(pointer).second) continue;
    violations.push_back(
        {pointer, Violation::At::kValue,
         value_sentence(value.at(Json::json_pointer(pointer)), subschema(schema_json, pointer, value))});
  }
  return violations;
}

void add_violations(const YamlDocument& document, const Json& schema, Diagnostics& problems) {
  for (const Violation& violation : validate(document.root, schema)) {
    const bool key = violation.at == Violation::At::kKey;
    problems.add(key ? document.key_place(violation.pointer) : document.place(violation.pointer),
                 readable_path(violation.pointer), violation.sentence);
  }
}

}  // namespace camsweep
