#include "schemas/yaml_document.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <cstdlib>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include "schemas/error.h"
#include "schemas/yaml_scalar.h"
#include "schemas/yaml_text.h"

namespace camsweep {
namespace {

constexpr std::string_view kStringTag = "tag:yaml.org,2002:str";

// Builds the JSON from the parser's events. Not from yaml-cpp's own nodes: those resolve `010` to 8, take
// quoted 'no' for a boolean, keep the first of two equal keys, and a node that holds itself ends a recursive
// walk in a crash.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& file, YamlDocument& document, Diagnostics& problems)
      : file_(file), document_(document), problems_(problems) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (expects_key()) fail(mark, "a key is missing before ':'");
    add(nullptr, mark, anchor, 1);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (expects_key()) fail(mark, "an alias cannot be a key");
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) fail(mark, "this alias stands inside the value that it names");
    const Anchored target = found->second;
    add(target.value, mark, YAML::NullAnchor, target.nodes);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (expects_key()) return take_key(mark, tag, text);
    if (tag == "?") {
      ScalarReading reading = read_plain_scalar(text);
      if (!reading.problem.empty()) problems_.add(at(mark), readable_path(child_pointer()), reading.problem);
      if (reading.value.is_string()) reading.value = interpolated(text, mark);
      return add(std::move(reading.value), mark, anchor, 1);
    }
    if (tag != "!" && tag != kStringTag) fail(mark, fmt::format("found the tag '{}', expected no tag or !!str", tag));
    add(interpolated(text, mark), mark, anchor, 1);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    if (tag != "?" && tag != "!" && !tag.empty()) fail(mark, fmt::format("found the tag '{}', expected none", tag));
    open(Json::array(), mark, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    if (tag != "?" && tag != "!" && !tag.empty()) fail(mark, fmt::format("found the tag '{}', expected none", tag));
    open(Json::object(), mark, anchor);
  }
  void OnMapEnd() override {
    apply_merges();
    close();
  }

 private:
  struct Anchored {
    Json value;
    size_t nodes;
  };
  // A sequence or mapping that is still being read.
  struct Open {
    Json value;
    std::string pointer;
    YAML::Mark mark;
    YAML::anchor_t anchor;
    size_t nodes_before;
    std::optional<std::string> key = std::nullopt;
    bool key_merges = false;
    std::vector<Json> merges = {};
  };

  SourcePlace at(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }

  [[noreturn]] void fail(const YAML::Mark& mark, const std::string& sentence) {
    problems_.add(at(mark), "", sentence);
    problems_.throw_if_any();
    std::abort();  // not reached: there is a problem
  }

  bool expects_key() const { return !open_.empty() && open_.back().value.is_object() && !open_.back().key; }

  std::string child_pointer() const {
    if (open_.empty()) return "";
    const Open& parent = open_.back();
    return parent.pointer + (parent.key ? pointer_step(*parent.key) : fmt::format("/{}", parent.value.size()));
  }

  void take_key(const YAML::Mark& mark, const std::string& tag, const std::string& text) {
    Open& map = open_.back();
    map.key = text;
    map.key_merges = tag == "?" && text == "<<";
    const std::string pointer = child_pointer();
    if (map.value.contains(text)) {
      problems_.add(at(mark), readable_path(pointer), fmt::format("the key '{}' stands twice in this mapping", text));
    }
    document_.set_key_place(pointer, mark.line + 1, mark.column + 1);
  }

  void open(Json empty, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (expects_key()) fail(mark, "a list or mapping cannot be a key");
    if (open_.size() >= kMaxYamlDepth) fail(mark, fmt::format("nested deeper than {} levels", kMaxYamlDepth));
    open_.push_back({std::move(empty), child_pointer(), mark, anchor, nodes_});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done.value), done.mark, done.anchor, 1, nodes_ - done.nodes_before);
  }

  // Puts a finished value into its parent. `added` nodes are new; the value holds `within` more already
  // counted.
  void add(Json value, const YAML::Mark& mark, YAML::anchor_t anchor, size_t added, size_t within = 0) {
    nodes_ += added;
    if (nodes_ > kMaxYamlNodes)
      fail(mark, fmt::format("more than {} values after aliases are expanded", kMaxYamlNodes));
    if (anchor != YAML::NullAnchor) anchors_[anchor] = {value, added + within};
    document_.set_place(child_pointer(), mark.line + 1, mark.column + 1);
    if (open_.empty()) {
      document_.root = std::move(value);
    } else if (Open& parent = open_.back(); parent.value.is_array()) {
      parent.value.push_back(std::move(value));
    } else if (parent.key_merges) {
      take_merge(std::move(value), mark);
      parent.key.reset();
    } else {
      parent.value[*parent.key] = std::move(value);
      parent.key.reset();
    }
  }

  void take_merge(Json value, const YAML::Mark& mark) {
    if (!value.is_array()) value = Json::array({std::move(value)});
    for (Json& source : value) {
      if (!source.is_object()) fail(mark, "'<<' merges mappings: expected an alias of a mapping, or a list of them");
      open_.back().merges.push_back(std::move(source));
    }
  }

  // Keys of the mapping itself win over merged ones, earlier merges over later ones (the merge key's
  // specification).
  void apply_merges() {
    Json& map = open_.back().value;
    for (const Json& source : open_.back().merges) {
      for (const auto& [key, value] : source.items()) {
        if (!map.contains(key)) map[key] = value;
      }
    }
  }

  std::string interpolated(std::string text, const YAML::Mark& mark) {
    constexpr std::string_view kOpening = "${env:";
    for (size_t start = text.find(kOpening); start != std::string::npos; start = text.find(kOpening, start)) {
      const size_t end = text.find('}', start);
      const std::string name = text.substr(start + kOpening.size(), end - start - kOpening.size());
      const char* value = end == std::string::npos ? nullptr : std::getenv(name.c_str());
      if (value == nullptr) {
        problems_.add(at(mark), readable_path(child_pointer()),
                      end == std::string::npos ? "'${env:' without its '}'"
                                               : fmt::format("the environment variable '{}' is not set", name));
        return text;
      }
      text.replace(start, end + 1 - start, value);
      start += std::string_view(value).size();
    }
    return text;
  }

  std::string file_;
  YamlDocument& document_;
  Diagnostics& problems_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  size_t nodes_ = 0;
};

}  // namespace

SourcePlace YamlDocument::nearest_place(const Positions& positions, std::string pointer) const {
  for (;;) {
    const auto own = positions.find(pointer);
    const auto found = own != positions.end() ? own : values_.find(pointer);
    if (own != positions.end() || found != values_.end()) return {file_, found->second.line, found->second.column};
    if (pointer.empty()) return {file_, 0, 0};
    pointer.resize(pointer.rfind('/'));
  }
}

SourcePlace YamlDocument::place(const std::string& pointer) const { return nearest_place(values_, pointer); }
SourcePlace YamlDocument::key_place(const std::string& pointer) const { return nearest_place(keys_, pointer); }

std::string pointer_step(std::string_view key) {
  std::string step = "/";
  for (const char c : key) step += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return step;
}

std::string readable_path(const std::string& pointer) {
  std::string path;
  std::istringstream steps(pointer.empty() ? "" : pointer.substr(1));
  for (std::string step; std::getline(steps, step, '/');) {
    const bool index = !step.empty() && step.find_first_not_of("0123456789") == std::string::npos;
    for (size_t at = step.find("~1"); at != std::string::npos; at = step.find("~1", at)) step.replace(at, 2, 1, '/');
    for (size_t at = step.find("~0"); at != std::string::npos; at = step.find("~0", at + 1))
      step.replace(at, 2, 1, '~');
    path += index ? fmt::format("[{}]", step) : (path.empty() ? "" : ".") + step;
  }
  return path;
}

YamlDocument parse_yaml(std::string_view text, const std::string& file) {
  Diagnostics problems;
  check_yaml_text(text, file, problems);
  problems.throw_if_any();
  YamlDocument document;
  document.set_file(file);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder builder(file, document, problems);
    const bool found = parser.HandleNextDocument(builder);
    if (!found || document.root.is_null()) problems.add({file, 0, 0}, "", "the file is empty");
    YamlDocument ignored;
    TreeBuilder rest(file, ignored, problems);
    if (found && parser.HandleNextDocument(rest)) {
      problems.add({file, 0, 0}, "", "found a second document after '---'; a file holds one");
    }
  } catch (const YAML::Exception& error) {
    problems.add({file, error.mark.line + 1, error.mark.column + 1}, "", "no valid YAML: " + error.msg);
  }
  problems.throw_if_any();
  return document;
}

}  // namespace camsweep
