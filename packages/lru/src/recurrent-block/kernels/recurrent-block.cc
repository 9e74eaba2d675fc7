// A recurrent block (De et al., 2024) of ops that are there: x + linear_out(RG-LRU(conv(linear_x RMSNorm(x))) GELU(linear_y RMSNorm(x))).
#include <vector>

#include <neverend/op.h>

namespace neverend {
namespace {

// x [..., T, (N,) D]; the norm's scale; the packed weights and bias of linear_y, linear_x and linear_out; and what the gated recurrence takes
// behind x and gate.
void recurrentBlock(Run& run) {
  const std::vector<Tensor> inputs = run.inputs(16);
  if (!run.ok()) return;
  const auto at = [&](int index) { return &inputs[index]; };
  std::vector<Tensor> branches = run.call(
      "NeverendNormLinear2", {at(0), at(1), at(1), at(2), at(3), at(4), at(5)},
      {{"epsilon", run.attribute("epsilon")}, {"offset", 1}, {"centred", 0}, {"gelus", 1}});
  if (!run.ok()) return;
  const Tensor &gate = branches[0], &ofTime = branches[1];
  const std::vector<Tensor> mixed =
      run.call("NeverendGatedRecurrence",
               {&ofTime, &gate, at(8), at(9), at(10), at(11), at(12), at(13), at(14), at(15)},
               {{"has_state", run.attribute("has_state")},
                {"has_resets", run.attribute("has_resets")}},
               {-1, 1, 2});
  branches.clear();
  if (!run.ok()) return;
  run.call("NeverendLinear", {&mixed[0], at(6), at(7), at(0)},
           {{"axes", 1}, {"gelu", 0}, {"adds", 1}}, {0});
}

const Ops ops{op<recurrentBlock>(
    "NeverendRecurrentBlock",
    {"x: float", "scale: float", "linear_y: float", "linear_y_bias: float", "linear_x: float",
     "linear_x_bias: float", "linear_out: float", "linear_out_bias: float", "w: float", "b: float",
     "gates: float", "input_b: float", "recurrence_b: float", "conv: float", "state: float",
     "reset: float"},
    {"y: float", "state_after: float", "conv_after: float"},
    {"epsilon: float", "has_state: bool", "has_resets: bool"})};

}  // namespace

}  // namespace neverend
