// The part of TensorFlow's C API that a kernel needs, with destructors.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

namespace neverend {

class Status {
 public:
  Status() : status_(TF_NewStatus()) {}
  ~Status() { TF_DeleteStatus(status_); }
  Status(const Status&) = delete;
  Status& operator=(const Status&) = delete;
  TF_Status* get() const { return status_; }
  bool ok() const { return TF_GetCode(status_) == TF_OK; }
  std::string message() const { return TF_Message(status_); }

 private:
  TF_Status* status_;
};

// A tensor of a kernel's context: an input, or an output once it is allocated.
class Tensor {
 public:
  explicit Tensor(TF_Tensor* tensor) : tensor_(tensor) {}
  ~Tensor() {
    if (tensor_ != nullptr) TF_DeleteTensor(tensor_);
  }
  Tensor(Tensor&& other) : tensor_(other.tensor_) { other.tensor_ = nullptr; }
  Tensor(const Tensor&) = delete;
  Tensor& operator=(const Tensor&) = delete;

  float* floats() const { return static_cast<float*>(TF_TensorData(tensor_)); }
  const int32_t* ints() const { return static_cast<const int32_t*>(TF_TensorData(tensor_)); }
  int64_t size() const { return TF_TensorElementCount(tensor_); }
  int rank() const { return TF_NumDims(tensor_); }
  int64_t dim(int axis) const { return TF_Dim(tensor_, axis); }
  std::vector<int64_t> shape() const {
    std::vector<int64_t> dims(rank());
    for (int axis = 0; axis < rank(); ++axis) dims[axis] = dim(axis);
    return dims;
  }
  // Length of the last axis; 1 for a scalar.
  int64_t columns() const { return rank() == 0 ? 1 : dim(rank() - 1); }
  // Product of all axes but the last.
  int64_t rows() const {
    int64_t rows = 1;
    for (int axis = 0; axis + 1 < rank(); ++axis) rows *= dim(axis);
    return rows;
  }

 private:
  TF_Tensor* tensor_;
};

// One run of a kernel. A failure ends it with an error of TensorFlow, which TensorFlow.js throws.
class Run {
 public:
  explicit Run(TF_OpKernelContext* context) : context_(context) {}
  bool ok() const { return ok_; }

  Tensor input(int index) {
    Status status;
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status.get());
    check(status);
    return Tensor(tensor);
  }

  Tensor output(int index, const std::vector<int64_t>& shape) {
    Status status;
    int64_t size = 1;
    for (int64_t dim : shape) size *= dim;
    TF_Tensor* tensor = TF_AllocateOutput(context_, index, TF_FLOAT, shape.data(), shape.size(),
                                          size * sizeof(float), status.get());
    check(status);
    return Tensor(tensor);
  }

  void fail(const std::string& message) {
    Status status;
    TF_SetStatus(status.get(), TF_INVALID_ARGUMENT, message.c_str());
    check(status);
  }

  void require(bool condition, const char* message) {
    if (!condition && ok_) fail(message);
  }

 private:
  void check(const Status& status) {
    if (status.ok()) return;
    ok_ = false;
    TF_OpKernelContext_Failure(context_, status.get());
  }

  TF_OpKernelContext* context_;
  bool ok_ = true;
};

// What an op is called, takes and gives, and the kernel for it on the CPU.
struct Op {
  const char* name;
  std::vector<const char*> inputs;
  std::vector<const char*> outputs;
  // Each is written as "reverse: bool", "count: int" or "epsilon: float".
  std::vector<const char*> attributes;
  void* (*create)(TF_OpKernelConstruction*);
  void (*compute)(void*, TF_OpKernelContext*);
  void (*destroy)(void*);
  // Whether it writes into its inputs, and so is no function of them.
  bool writesInputs = false;
};

// What a source adds to the addon: `const Ops ops{{...}, {...}};` in its unnamed namespace. Loading the addon registers them.
class Ops {
 public:
  Ops(std::initializer_list<Op> ops);
};

inline void* noState(TF_OpKernelConstruction*) { return nullptr; }
inline void nothing(void*) {}

}  // namespace neverend
