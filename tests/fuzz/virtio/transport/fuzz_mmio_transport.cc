#include "tests/fuzz/virtio/transport/transport_guest.h"

namespace skiff::transport_test {
namespace {

class MmioGuest final : public TransportGuest<MmioDriver> {
  IoDevice& registers() override { return *driver_.transport; }
  std::uint64_t pick_offset(GuestProgram& program) override {
    const std::uint8_t choice = program.byte();
    return choice < 0xf0 ? choice * 4ULL : program.value(choice & 8);
  }
  void step_of_layout(GuestProgram& program) override {
    if ((program.byte() & 1) != 0) driver_.acknowledge();
    std::uint64_t isr = 0;
    require(driver_.transport->read({virtio_mmio::kInterruptStatus, 4}, isr) == IoStatus::ok);
    require(driver_.wire() == (isr != 0));
  }
};

}  // namespace
}  // namespace skiff::transport_test

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  skiff::log_setup(skiff::LogLevel::off, "");
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  skiff::GuestProgram program(data, size);
  skiff::transport_test::MmioGuest().run(program);
  return 0;
}
