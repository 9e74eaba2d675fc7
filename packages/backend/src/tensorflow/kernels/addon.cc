// Registers the ops with the libtensorflow that tfjs-node has loaded, once a process.
#include <dlfcn.h>
#include <node_api.h>
#include <signal.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <neverend/op.h>
#include <neverend/simd.h>
#include <neverend/threads.h>

#include "tensorflow/c/c_api.h"

namespace neverend {

// Held while ops are registered. The loader makes it one and the same in all builds of the addon in a process, as it does
// with the statics of every inline function.
inline std::mutex& registering() {
  static std::mutex mutex;
  return mutex;
}

namespace {

// The ops of all sources of this build. Their static objects come to life in no order that anybody knows: it is made by
// the first that asks for it.
std::vector<Op>& opsOfBuild() {
  static std::vector<Op> ops;
  return ops;
}

// How the registration ended, in this process and for this build of the addon.
struct Registration {
  // What the names of the ops end with: nothing, unless the process has loaded another build before.
  std::string suffix;
  // Why it failed; empty where it did not.
  std::string failure;
};

bool isRegistered(const std::string& name) {
  Status status;
  TF_Buffer* kernels = TF_GetRegisteredKernelsForOp(name.c_str(), status.get());
  const bool found = kernels != nullptr && kernels->length > 0;
  TF_DeleteBuffer(kernels);
  return found;
}

std::string registerOp(const Op& op, const std::string& name) {
  Status status;
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(name.c_str());
  for (const char* input : op.inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* output : op.outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  for (const char* attribute : op.attributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  if (op.writesInputs) TF_OpDefinitionBuilderSetIsStateful(definition, true);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(
      definition, [](TF_ShapeInferenceContext* context, TF_Status* shapeStatus) {
        TF_ShapeInferenceContextSetUnknownShape(context, shapeStatus);
      });
  TF_RegisterOpDefinition(definition, status.get());
  if (!status.ok()) return name + ": " + status.message();
  TF_KernelBuilder* kernel =
      TF_NewKernelBuilder(name.c_str(), "CPU", op.create, op.compute, op.destroy);
  TF_RegisterKernelBuilder(name.c_str(), kernel, status.get());
  return status.ok() ? "" : name + ": " + status.message();
}

// Node unloads an addon with the worker thread that loaded it. TensorFlow would go on calling its functions, and threads
// that wait for work would wake up without their code.
std::string stayLoaded() {
  static const char here = 0;
  Dl_info self;
  const bool found = dladdr(&here, &self) != 0;
  if (found && dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE) != nullptr) return "";
  return std::string("the addon cannot be kept in memory: ") + (found ? dlerror() : "it is not found");
}

const Registration& registerAll() {
  static const Registration result = [] {
    Registration made;
    made.failure = stayLoaded();
    if (!made.failure.empty()) return made;
    const std::vector<Op>& all = opsOfBuild();
    std::lock_guard<std::mutex> lock(registering());
    // TensorFlow ends the process where a name comes twice.
    std::set<std::string> names;
    std::set<void (*)(Run&)> runs;
    for (const Op& op : all) {
      if (!names.insert(op.name).second) made.failure = std::string("two ops are called ") + op.name;
      if (!runs.insert(op.run).second) made.failure = std::string(op.name) + " runs what another op runs";
    }
    if (!made.failure.empty()) return made;
    const auto isTaken = [&](const Op& op) { return isRegistered(op.name + made.suffix); };
    for (int build = 2; std::any_of(all.begin(), all.end(), isTaken); ++build) {
      made.suffix = "Build" + std::to_string(build);
    }
    for (const Op& op : all) {
      made.failure = registerOp(op, op.name + made.suffix);
      if (!made.failure.empty()) break;
    }
    return made;
  }();
  return result;
}

// Memory for the signal handlers of the thread that makes it. V8's profiler interrupts threads by a signal, and the products that
// oneDNN compiles for AVX let the stack pointer point into memory of the heap, where a handler would write over it.
class SignalStack {
 public:
  SignalStack() {
    stack_t now{};
    if (sigaltstack(nullptr, &now) != 0 || (now.ss_flags & SS_DISABLE) == 0) return;
    memory_.resize(kSize);
    stack_t own{};
    own.ss_sp = memory_.data();
    own.ss_size = memory_.size();
    sigaltstack(&own, nullptr);
  }
  ~SignalStack() {
    if (memory_.empty()) return;
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    sigaltstack(&none, nullptr);
  }
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  static constexpr size_t kSize = 1 << 16;
  std::vector<char> memory_;
};

const char* instructionSet() {
#if defined(__x86_64__) && defined(__GNUC__)
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl");
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (NEVEREND_X86_LEVEL >= 4 && avx512) return "AVX-512";
  if (NEVEREND_X86_LEVEL >= 3 && avx2) return "AVX2";
#endif
  return "baseline";
}

napi_value setThreads(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  int32_t threads = 1;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  napi_get_value_int32(env, argument, &threads);
  setThreadCount(threads);
  return nullptr;
}

}  // namespace

Ops::Ops(std::initializer_list<Op> ops) {
  opsOfBuild().insert(opsOfBuild().end(), ops.begin(), ops.end());
}

Attributes readAttributes(TF_OpKernelConstruction* construction, void (*run)(Run&)) {
  Attributes attributes;
  for (const Op& op : opsOfBuild()) {
    if (op.run != run) continue;
    for (const std::string declared : op.attributes) {
      const size_t colon = declared.find(':');
      const std::string name = declared.substr(0, colon), type = declared.substr(colon + 2);
      Status status;
      double value = 0;
      if (type == "bool") {
        TF_Bool flag = 0;
        TF_OpKernelConstruction_GetAttrBool(construction, name.c_str(), &flag, status.get());
        value = flag != 0;
      } else if (type == "int") {
        int64_t whole = 0;
        TF_OpKernelConstruction_GetAttrInt64(construction, name.c_str(), &whole, status.get());
        value = static_cast<double>(whole);
      } else {
        float real = 0;
        TF_OpKernelConstruction_GetAttrFloat(construction, name.c_str(), &real, status.get());
        value = real;
      }
      if (!status.ok()) TF_OpKernelConstruction_Failure(construction, status.get());
      attributes.emplace_back(name, value);
    }
  }
  return attributes;
}

std::vector<Tensor> Run::call(const char* name, std::initializer_list<const Tensor*> inputs,
                              const Attributes& attributes, std::vector<int> into) {
  if (!ok_) return {};
  for (const Op& op : opsOfBuild()) {
    if (op.name != std::string_view(name)) continue;
    Run run(this, op.name, attributes, inputs, std::move(into));
    op.run(run);
    ok_ = run.ok_;
    return std::move(run.made_);
  }
  fail(std::string("the addon has no op ") + name);
  return {};
}

}  // namespace neverend

NAPI_MODULE_INIT() {
  thread_local neverend::SignalStack signalStack;
  const neverend::Registration& ops = neverend::registerAll();
  if (!ops.failure.empty()) {
    napi_throw_error(env, nullptr, ops.failure.c_str());
    return nullptr;
  }
  napi_value value;
  napi_create_string_utf8(env, ops.suffix.c_str(), NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, exports, "opSuffix", value);
  napi_create_string_utf8(env, neverend::instructionSet(), NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, exports, "instructionSet", value);
  napi_create_function(env, "setThreads", NAPI_AUTO_LENGTH, neverend::setThreads, nullptr, &value);
  napi_set_named_property(env, exports, "setThreads", value);
  return exports;
}
