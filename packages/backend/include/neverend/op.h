// The part of TensorFlow's C API that a kernel needs, with destructors.
#pragma once

#include <cstdint>
#include <exception>
#include <initializer_list>
#include <string>
#include <utility>
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

// An input of a run, an output once it is allocated, or what an op within another gave.
class Tensor {
 public:
  explicit Tensor(TF_Tensor* tensor = nullptr) : tensor_(tensor) {}
  ~Tensor() {
    if (tensor_ != nullptr && owned_) TF_DeleteTensor(tensor_);
  }
  Tensor(Tensor&& other) : tensor_(std::exchange(other.tensor_, nullptr)), owned_(other.owned_) {}
  Tensor& operator=(Tensor&& other) {
    std::swap(tensor_, other.tensor_);
    std::swap(owned_, other.owned_);
    return *this;
  }
  Tensor(const Tensor&) = delete;
  Tensor& operator=(const Tensor&) = delete;

  // The same tensor, for as long as this one is there.
  Tensor borrowed() const {
    Tensor tensor(tensor_);
    tensor.owned_ = false;
    return tensor;
  }

  float* floats() const { return static_cast<float*>(TF_TensorData(tensor_)); }
  int32_t* ints() const { return static_cast<int32_t*>(TF_TensorData(tensor_)); }
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
  bool owned_ = true;
};

// What an op is told besides its tensors, by its name: a float, an int, or 0 and 1 for a bool.
using Attributes = std::vector<std::pair<std::string, double>>;

// One run of an op. A failure ends it with an error of TensorFlow, which TensorFlow.js throws.
class Run {
 public:
  Run(TF_OpKernelContext* context, const Attributes& attributes)
      : context_(context), attributes_(attributes) {}
  bool ok() const { return ok_; }

  double attribute(const char* name) {
    for (const auto& [each, value] : attributes_) {
      if (each == name) return value;
    }
    fail(std::string("the op was told no ") + name);
    return 0;
  }

  Tensor input(size_t index) {
    if (outer_ != nullptr) {
      if (index < inputs_.size()) return inputs_[index]->borrowed();
      fail("an op within another got too few inputs");
      return Tensor();
    }
    Status status;
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status.get());
    check(status);
    return Tensor(tensor);
  }

  // The first so many, in their order.
  std::vector<Tensor> inputs(size_t count) {
    std::vector<Tensor> all;
    for (size_t index = 0; index < count; ++index) all.push_back(input(index));
    return all;
  }

  // Of floats, or of TF_INT32.
  Tensor output(size_t index, const std::vector<int64_t>& shape, TF_DataType type = TF_FLOAT) {
    int64_t bytes = sizeof(float);
    for (int64_t dim : shape) bytes *= dim;
    if (outer_ == nullptr) {
      Status status;
      TF_Tensor* tensor = TF_AllocateOutput(context_, index, type, shape.data(), shape.size(),
                                            bytes, status.get());
      check(status);
      return Tensor(tensor);
    }
    if (index < into_.size() && into_[index] >= 0) {
      Tensor outer = outer_->output(into_[index], shape, type);
      ok_ = outer_->ok();
      return outer;
    }
    Status status;
    TF_AllocatorAttributes onHost{TF_ALLOCATOR_ATTRIBUTES_STRUCT_SIZE, 1};
    Tensor tensor(TF_AllocateTemp(context_, type, shape.data(), static_cast<int>(shape.size()),
                                  &onHost, status.get()));
    check(status);
    if (index >= made_.size()) made_.resize(index + 1);
    made_[index] = std::move(tensor);
    return made_[index].borrowed();
  }

  // Runs another op of the addon within this one.
  // `into`: of which outputs of this op those of the other take the place; -1 and those that are left out are what it answers.
  std::vector<Tensor> call(const char* name, std::initializer_list<const Tensor*> inputs,
                           const Attributes& attributes, std::vector<int> into = {});

  void fail(const std::string& message) {
    ok_ = false;
    if (outer_ != nullptr) return outer_->fail(std::string(name_) + ": " + message);
    Status status;
    TF_SetStatus(status.get(), TF_INVALID_ARGUMENT, message.c_str());
    TF_OpKernelContext_Failure(context_, status.get());
  }

  void require(bool condition, const char* message) {
    if (!condition && ok_) fail(message);
  }

 private:
  Run(Run* outer, const char* name, const Attributes& attributes,
      std::vector<const Tensor*> inputs, std::vector<int> into)
      : context_(outer->context_),
        attributes_(attributes),
        outer_(outer),
        name_(name),
        inputs_(std::move(inputs)),
        into_(std::move(into)) {}

  void check(const Status& status) {
    if (status.ok()) return;
    ok_ = false;
    TF_OpKernelContext_Failure(context_, status.get());
  }

  TF_OpKernelContext* context_;
  const Attributes& attributes_;
  bool ok_ = true;
  // Of a run within another one.
  Run* outer_ = nullptr;
  const char* name_ = nullptr;
  std::vector<const Tensor*> inputs_;
  std::vector<int> into_;
  std::vector<Tensor> made_;
};

// What an op is called, takes and gives, and what it does on the CPU.
struct Op {
  const char* name;
  std::vector<const char*> inputs;
  std::vector<const char*> outputs;
  // Each is written as "reverse: bool", "count: int" or "epsilon: float".
  std::vector<const char*> attributes;
  // Whether it writes into its inputs, and so is no function of them.
  bool writesInputs;
  void (*run)(Run&);
  // What TensorFlow calls.
  void* (*create)(TF_OpKernelConstruction*);
  void (*compute)(void*, TF_OpKernelContext*);
  void (*destroy)(void*);
};

// The attributes that the op of this build that runs so declares.
Attributes readAttributes(TF_OpKernelConstruction* construction, void (*run)(Run&));

// An op that runs `kRun`, which is no other op's.
template <void (*kRun)(Run&)>
Op op(const char* name, std::vector<const char*> inputs, std::vector<const char*> outputs,
      std::vector<const char*> attributes = {}, bool writesInputs = false) {
  return {name, std::move(inputs), std::move(outputs), std::move(attributes), writesInputs, kRun,
          [](TF_OpKernelConstruction* construction) -> void* {
            return new Attributes(readAttributes(construction, kRun));
          },
          [](void* attributes, TF_OpKernelContext* context) {
            Run run(context, *static_cast<const Attributes*>(attributes));
            try {
              kRun(run);
            } catch (const std::exception& error) {
              // As where there is no memory for scratch. TensorFlow's frames are no place for it.
              run.fail(error.what());
            }
          },
          [](void* attributes) { delete static_cast<Attributes*>(attributes); }};
}

// What a source adds to the addon: `const Ops ops{op<run>(...), op<runGrad>(...)};` in its unnamed namespace. Loading the addon
// registers them.
class Ops {
 public:
  Ops(std::initializer_list<Op> ops);
};

}  // namespace neverend
