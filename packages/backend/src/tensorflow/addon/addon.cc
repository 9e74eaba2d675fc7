// Registers the ops with the libtensorflow that tfjs-node has loaded, once a process.
#include <node_api.h>

#include <mutex>
#include <string>

#include "op.h"
#include "simd.h"
#include "threads.h"

namespace neverend {
namespace {

std::string registerOp(const Op& op) {
  Status status;
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(op.name);
  for (const char* input : op.inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* output : op.outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  if (op.attribute != nullptr) TF_OpDefinitionBuilderAddAttr(definition, op.attribute);
  if (op.writesInputs) TF_OpDefinitionBuilderSetIsStateful(definition, true);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(
      definition, [](TF_ShapeInferenceContext* context, TF_Status* shapeStatus) {
        TF_ShapeInferenceContextSetUnknownShape(context, shapeStatus);
      });
  TF_RegisterOpDefinition(definition, status.get());
  if (!status.ok()) return std::string(op.name) + ": " + status.message();
  TF_KernelBuilder* kernel =
      TF_NewKernelBuilder(op.name, "CPU", op.create, op.compute, op.destroy);
  TF_RegisterKernelBuilder(op.name, kernel, status.get());
  return status.ok() ? "" : std::string(op.name) + ": " + status.message();
}

// The first failure; empty where there is none.
const std::string& registerAll() {
  static const std::string failure = [] {
    for (const auto& ops : {attentionOps(), complexScanOps(), gateOps(), geluOps(), normOps(), rowOps(), scanOps(),
                            softmaxOps(), stepOps(), temporalConvOps()}) {
      for (const Op& op : ops) {
        const std::string problem = registerOp(op);
        if (!problem.empty()) return problem;
      }
    }
    return std::string();
  }();
  return failure;
}

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
}  // namespace neverend

NAPI_MODULE_INIT() {
  const std::string& failure = neverend::registerAll();
  if (!failure.empty()) {
    napi_throw_error(env, nullptr, failure.c_str());
    return nullptr;
  }
  napi_value value;
  napi_create_string_utf8(env, neverend::instructionSet(), NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, exports, "instructionSet", value);
  napi_create_function(env, "setThreads", NAPI_AUTO_LENGTH, neverend::setThreads, nullptr, &value);
  napi_set_named_property(env, exports, "setThreads", value);
  return exports;
}
