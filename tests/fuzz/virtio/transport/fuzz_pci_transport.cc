#include "tests/fuzz/virtio/transport/transport_guest.h"

namespace skiff::transport_test {
namespace {

class PciGuest final : public TransportGuest<PciDriver> {
  IoDevice& registers() override { return *driver_.transport->bar(0)->device; }
  std::uint64_t pick_offset(GuestProgram& program) override {
    const std::uint8_t choice = program.byte();
    if (choice < 0x80) return choice;
    if (choice < 0xf0) return (choice & 3U) * 0x1000ULL + (choice >> 2 & 7U);
    return program.value(choice & 8);
  }
  void step_of_layout(GuestProgram& program) override {
    PciTransport& function = *driver_.transport;
    switch (program.byte() % 6) {
      case 0:  // any of the configuration space, the window among it
        function.config_write(program.byte(), 1U << (program.byte() & 3), program.value(4));
        return;
      case 1:
        function.config_read(program.byte(), 1U << (program.byte() & 3));
        return;
      case 2: {  // move a BAR to a plausible place, perhaps onto the other
        const std::uint64_t place = 0xe000'0000 + program.byte() * 0x1000ULL;
        function.config_write(0x10 + (program.byte() & 1) * 4, 4, place);
        return;
      }
      case 3:  // decoding, INTx disable
        function.config_write(0x04, 2, program.value(2));
        return;
      case 4: {  // the MSI-X table
        const IoAccess access{program.byte() % 56 * 4ULL, 4};
        function.bar(1)->device->write(access, program.value(4));
        return;
      }
      default:
        if (program.byte() == 0) driver_.machine.bus->reset();
    }
  }
  void bring_back() override { driver_.machine.bus->reset(); }
};

}  // namespace
}  // namespace skiff::transport_test

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  skiff::log_setup(skiff::LogLevel::off, "");
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  skiff::GuestProgram program(data, size);
  skiff::transport_test::PciGuest().run(program);
  return 0;
}
