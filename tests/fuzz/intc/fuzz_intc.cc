// The 8259 pair and the I/O APIC under any sequence of accesses, lines, acknowledges and EOIs.
// Beyond not crashing: INT is where the registers say, no line that may interrupt stands unheard,
// and messages name only what an entry can.

#include "devices/intc/ioapic.h"
#include "devices/intc/ioapic_regs.h"
#include "devices/intc/pic_pair.h"
#include "devices/intc/pic_regs.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/fuzz/devices/guest_program.h"
#include "tests/fuzz/fuzz_input.h"

namespace skiff {
namespace {

using namespace ioapic;

class Output final : public IoapicOutput {
 public:
  void send(const MsiMessage& message) noexcept override { check(message); }
  void expect_eoi(unsigned pin, const MsiMessage& message) noexcept override {
    require(pin < Ioapic::kPins && (message.data & kMessageLevel) != 0);
    check(message);
  }

 private:
  static void check(const MsiMessage& message) {
    require((message.address & ~0xf'f004ULL) == kMessageAddress && message.address >> 32 == 0);
    require((message.data & ~0xc7ffU) == 0);
  }
};

void check_ioapic(const Ioapic& chip) {
  const Ioapic::State state = chip.state();
  for (unsigned pin = 0; pin < Ioapic::kPins; ++pin) {
    const std::uint64_t entry = state.entries[pin];
    require((entry & kRemoteIrr) == 0 || (entry & kLevel) != 0);
    const bool may_send = (entry & (kLevel | kMasked | kRemoteIrr)) == kLevel &&
                          (entry & kDeliveryMode) != kModeExtInt;
    require(!may_send || (state.lines >> pin & 1) == 0);
  }
}

void run(GuestProgram program) {
  FakeIrqSink intr;
  Output output;
  PicPair pair("pic", &intr);
  Ioapic chip("ioapic", output);
  while (!program.at_end()) {
    switch (program.byte() % 8) {
      case 0:
        check_read(pair, program.access(pic::kRegisters));
        break;
      case 1:
      case 2: {
        const IoAccess access = program.access(pic::kRegisters);
        pair.write(access, program.value(1));
        break;
      }
      case 3: {
        const std::uint8_t line = program.byte();
        pair.pin(line % PicPair::kPins).set_level(line >= 0x80);
        chip.pin(line % Ioapic::kPins).set_level(line >= 0x80);
        break;
      }
      case 4:
        if (intr.level) {
          const std::uint64_t spurious = pair.spurious();
          pair.acknowledge();
          require(pair.spurious() == spurious);
        } else {
          pair.acknowledge();
        }
        break;
      case 5: {
        check_read(chip, {std::uint64_t{program.byte()} & 0x50, 4});
        check_read(chip, program.access(0x41));
        break;
      }
      case 6:
        chip.write({kIoRegSel, 4}, program.byte() % 0x48);
        chip.write({kIoWin, 4}, program.value(4));
        break;
      default:
        chip.end_of_interrupt(program.byte());
        chip.write({kEoi, 4}, program.byte());
        break;
    }
    require(intr.level == pair.state().master.winner().has_value());
    check_ioapic(chip);
  }
  require(!pair.describe().empty() && !chip.describe().empty());
  FakeIrqSink other_intr;
  PicPair other("other", &other_intr);
  other.restore(pair.state());
  require(other_intr.level == intr.level);
}

}  // namespace
}  // namespace skiff

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  skiff::run(skiff::GuestProgram(data, size));
  return 0;
}
