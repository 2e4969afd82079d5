#include "workers/checkpoints/torch_pickle.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "schemas/error.h"
#include "schemas/utf8.h"

namespace camsweep {
namespace {

using Kind = PickleValue::Kind;

constexpr size_t kMaxIgnored = 200;
constexpr int kMaxDepth = 100;
constexpr size_t kMaxModules = 50'000;  // counted by path: a pickle may share one module between many
constexpr size_t kMaxNameBytes = 1'000;
constexpr size_t kMaxNamesBytes = 4'000'000;  // of all tensors

// Globals that describe tensors and their surroundings.
bool is_known(std::string_view global) {
  static constexpr std::string_view kKnown[] = {"collections.OrderedDict",
                                                "torch.Size",
                                                "torch.device",
                                                "torch._utils._rebuild_tensor",
                                                "torch._utils._rebuild_tensor_v2",
                                                "torch._utils._rebuild_tensor_v3",
                                                "torch._utils._rebuild_parameter",
                                                "torch._utils._rebuild_parameter_with_state"};
  const bool storage = global.starts_with("torch.") && global.ends_with("Storage");
  return storage || std::ranges::find(kKnown, global) != std::end(kKnown);
}

class ObjectReader {
 public:
  ObjectReader(const Pickle& pickle, const FindStorage& find, CheckpointFile& checkpoint)
      : pickle_(pickle), find_(find), checkpoint_(checkpoint) {}

  void add_saved_object() {
    const PickleValue& top = pickle_.top();
    if (top.kind != Kind::kDict) {
      fail(fmt::format("holds {}, not the weights of a network by name: save model.state_dict()", words(top)));
    }
    TensorGroup outermost;
    for (size_t i = 0; i + 1 < top.items.size(); i += 2) {
      const std::string key = key_text(top.items[i]);
      const PickleValue& value = pickle_[top.items[i + 1]];
      if (is_tensor(value)) {
        outermost.tensors.push_back({key, tensor(value, key)});
      } else if (value.kind == Kind::kDict && holds_tensors(value)) {
        add_group(key, value);
      } else {
        ignore(key, value);
      }
    }
    if (!outermost.tensors.empty()) checkpoint_.groups.insert(checkpoint_.groups.begin(), std::move(outermost));
    report_globals();
  }

  void add_script_module() {
    TensorGroup group;
    visit_module(pickle_.top(), "", 0, group);
    if (!group.tensors.empty()) checkpoint_.groups.push_back(std::move(group));
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw ConfigError(fmt::format("{}: {}", checkpoint_.name, what));
  }

  void add_group(const std::string& wrapper, const PickleValue& dict) {
    TensorGroup& group = checkpoint_.groups.emplace_back(TensorGroup{wrapper, {}});
    for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      const std::string key = key_text(dict.items[i]);
      const PickleValue& value = pickle_[dict.items[i + 1]];
      if (is_tensor(value)) {
        group.tensors.push_back({key, tensor(value, key)});
      } else {
        ignore(wrapper + "." + key, value);
      }
    }
  }

  void visit_module(const PickleValue& module, const std::string& prefix, int depth, TensorGroup& group) {
    if (depth > kMaxDepth) fail("its TorchScript modules are nested too deeply");
    if (++modules_ > kMaxModules) fail("it has more modules than any network");
    if (module.state == kNoPickle || pickle_[module.state].kind != Kind::kDict) return;
    const PickleValue& attributes = pickle_[module.state];
    for (size_t i = 0; i + 1 < attributes.items.size(); i += 2) {
      const std::string name = prefix + key_text(attributes.items[i]);
      const PickleValue& value = pickle_[attributes.items[i + 1]];
      if (is_tensor(value)) {
        group.tensors.push_back({name, tensor(value, name)});
      } else if (value.kind == Kind::kCall) {
        visit_module(value, name + ".", depth + 1, group);
      }
    }
  }

  bool calls(const PickleValue& value, std::string_view global) const {
    return value.kind == Kind::kCall && pickle_[value.items[0]].kind == Kind::kGlobal &&
           pickle_[value.items[0]].text == global;
  }

  // A tensor, or a parameter around one.
  bool is_tensor(const PickleValue& value) const {
    return calls(value, "torch._utils._rebuild_tensor_v2") || calls(value, "torch._utils._rebuild_tensor") ||
           is_new_dtype(value) || is_parameter(value);
  }

  // How dtypes without a storage class of their own are written: float8 and unsigned integers.
  bool is_new_dtype(const PickleValue& value) const { return calls(value, "torch._utils._rebuild_tensor_v3"); }

  bool is_parameter(const PickleValue& value) const {
    return calls(value, "torch._utils._rebuild_parameter") ||
           calls(value, "torch._utils._rebuild_parameter_with_state");
  }

  bool holds_tensors(const PickleValue& dict) const {
    for (size_t i = 1; i < dict.items.size(); i += 2) {
      if (is_tensor(pickle_[dict.items[i]])) return true;
    }
    return false;
  }

  StoredTensor tensor(const PickleValue& value, const std::string& name) {
    name_bytes_ += name.size();
    if (++tensors_ > kMaxTensors || name.size() > kMaxNameBytes || name_bytes_ > kMaxNamesBytes) {
      fail("it names more tensors than any network has, or by longer names");
    }
    const PickleValue* call = &value;
    if (is_parameter(value)) {
      const PickleValue& inner = argument(value, 0, name);
      if (!is_tensor(inner) || is_parameter(inner)) malformed(name);
      call = &inner;
    }
    if (is_new_dtype(*call)) {
      fail(fmt::format("tensor '{}' is of the type {}, which is not supported", name, words(argument(*call, 6, name))));
    }
    StorageReference reference = storage_reference(argument(*call, 0, name), pickle_,
                                                   fmt::format("tensor '{}'", escaped(name)), checkpoint_.name);
    StorageView view{.dtype = reference.dtype,
                     .shape = integers(argument(*call, 2, name), name),
                     .strides = integers(argument(*call, 3, name), name),
                     .offset = integer(argument(*call, 1, name), name)};
    if (__builtin_add_overflow(view.offset, reference.offset, &view.offset)) malformed(name);
    return stored_view(find_(reference), view, name);
  }

  const PickleValue& argument(const PickleValue& call, size_t index, const std::string& name) const {
    const PickleValue& arguments = pickle_[call.items[1]];
    if (arguments.kind != Kind::kTuple || arguments.items.size() <= index) malformed(name);
    return pickle_[arguments.items[index]];
  }

  int64_t integer(const PickleValue& value, const std::string& name) const {
    if (value.kind != Kind::kInteger) malformed(name);
    return value.integer;
  }

  std::vector<int64_t> integers(const PickleValue& value, const std::string& name) const {
    const PickleValue* list = &value;
    if (calls(value, "torch.Size")) list = &argument(value, 0, name);
    if (list->kind != Kind::kTuple && list->kind != Kind::kList) malformed(name);
    std::vector<int64_t> numbers;
    for (const PickleIndex item : list->items) numbers.push_back(integer(pickle_[item], name));
    return numbers;
  }

  [[noreturn]] void malformed(const std::string& name) const {
    fail(fmt::format("tensor '{}' is described in no way that PyTorch writes", escaped(name)));
  }

  // A key too long for a tensor's name comes back longer than any may be, but not as long as it is: it may be shared.
  std::string key_text(PickleIndex index) const {
    const PickleValue& key = pickle_[index];
    return key.kind == Kind::kText ? escaped(key.text.substr(0, kMaxNameBytes + 1)) : words(key);
  }

  std::string words(const PickleValue& value) const {
    constexpr size_t kLongest = 60;
    switch (value.kind) {
      case Kind::kNone:
        return "None";
      case Kind::kBool:
        return value.integer != 0 ? "True" : "False";
      case Kind::kInteger:
        return std::to_string(value.integer);
      case Kind::kReal:
        return fmt::format("{}", value.real);
      case Kind::kText:
        return fmt::format("'{}'{}", escaped(value.text.substr(0, kLongest)), value.text.size() > kLongest ? ".." : "");
      case Kind::kBytes:
        return fmt::format("{} bytes", value.text.size());
      case Kind::kTuple:
      case Kind::kList:
        return fmt::format("a list of {}", value.items.size());
      case Kind::kDict:
        return fmt::format("a dict of {}", value.items.size() / 2);
      case Kind::kGlobal:
        return escaped(value.text.substr(0, kLongest));
      case Kind::kPersistent:
        return "a reference";
      case Kind::kCall: {
        if (is_tensor(value)) return "one tensor";
        const PickleValue& callee = pickle_[value.items[0]];
        return callee.kind == Kind::kGlobal ? "an object " + words(callee) : "an object";
      }
    }
    return "something unknown";
  }

  void ignore(const std::string& key, const PickleValue& value) {
    if (checkpoint_.ignored.size() < kMaxIgnored) checkpoint_.ignored.push_back(key + ": " + words(value));
  }

  // What is named anywhere, although nothing of it is used.
  void report_globals() {
    std::set<std::string> strangers;
    for (const PickleValue& value : pickle_.values) {
      if (value.kind == Kind::kGlobal && !is_known(value.text) && strangers.size() < kMaxIgnored) {
        strangers.insert(words(value));
      }
    }
    for (const std::string& name : strangers) checkpoint_.ignored.push_back(name + ": named, never called");
  }

  const Pickle& pickle_;
  const FindStorage& find_;
  CheckpointFile& checkpoint_;
  size_t tensors_ = 0;
  size_t name_bytes_ = 0;
  size_t modules_ = 0;
};

}  // namespace

void add_saved_object(const Pickle& pickle, const FindStorage& find, CheckpointFile& checkpoint) {
  ObjectReader(pickle, find, checkpoint).add_saved_object();
}

void add_script_module(const Pickle& pickle, const FindStorage& find, CheckpointFile& checkpoint) {
  ObjectReader(pickle, find, checkpoint).add_script_module();
}

}  // namespace camsweep
