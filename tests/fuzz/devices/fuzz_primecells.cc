// PL011, PL031, PL061 and the GICv2m frame under any sequence of accesses, input, breaks, time and
// lines. Beyond not crashing: a refused or busy access changes nothing, and the wires are where the
// registers say.
#include <array>

#include "devices/gpio/pl061.h"
#include "devices/intc/gicv2m_frame.h"
#include "devices/rtc/pl031.h"
#include "devices/serial/pl011.h"
#include "tests/fakes/fake_byte_sink.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/fakes/fake_receive_room_listener.h"
#include "tests/fakes/register_access.h"
#include "tests/fuzz/devices/guest_program.h"
#include "tests/fuzz/fuzz_input.h"

namespace skiff {
namespace {

// Registers lie at multiples of four up to 0x48, at 0x400 and above, and at the page's end.
IoAccess primecell_access(GuestProgram& program) {
  const std::uint8_t choice = program.byte();
  if (choice == 0xff) return {program.value(8), program.byte()};
  constexpr std::array<std::uint64_t, 4> kBases = {0, 0, 0x400, 0xfc0};
  constexpr std::array<std::uint8_t, 4> kWidths = {4, 2, 1, 8};
  const std::uint8_t place = program.byte();
  return {kBases[choice & 3] + (place & 0x3fU) * ((place & 0x40) != 0 ? 1 : 4) % 0x80,
          kWidths[choice >> 2 & 3]};
}

void run(GuestProgram program) {
  FakeClock clock;
  FakeIrqSink uart_irq;
  FakeIrqSink rtc_irq;
  FakeIrqSink gpio_irq;
  FakeByteSink sink;
  FakeReceiveRoomListener listener;
  Pl011 uart("serial0", &uart_irq, sink);
  Pl031 rtc("rtc", &rtc_irq, clock, clock);
  Pl061 gpio("gpio", &gpio_irq);
  Gicv2mFrame frame("gicv2m", 96, 64,
                    [](std::uint32_t intid) { require(intid >= 96 && intid < 160); });
  uart.set_room_listener(&listener);
  const std::array<IoDevice*, 4> devices = {&uart, &rtc, &gpio, &frame};
  while (!program.at_end()) {
    const std::uint8_t step = program.byte();
    IoDevice& device = *devices[(step >> 4) % devices.size()];
    switch (step % 8) {
      case 0:
      case 1:
        check_read(device, primecell_access(program));
        break;
      case 2:
      case 3:
      case 4: {
        const IoAccess access = primecell_access(program);
        const Pl011::State before = uart.state();
        const std::size_t sent = sink.text().size();
        if (device.write(access, program.value(4)) != IoStatus::ok) {
          require(uart.state() == before && sink.text().size() == sent);
        }
        break;
      }
      case 5: {
        const Pl011::State before = uart.state();
        const std::size_t taken = uart.receive(program.text(program.byte() % 64));
        require(uart.state().receive_fifo.count >= before.receive_fifo.count + taken);
        break;
      }
      case 6:
        if ((step & 0x80) != 0) {
          uart.receive_break();
        } else {
          sink.set_room(program.byte() % 4);
          uart.on_transmit_room();
        }
        break;
      default:
        gpio.set_input(program.byte(), (step & 0x80) != 0);
        clock.advance(std::chrono::milliseconds(program.value(2)));
        break;
    }
    const Pl011::State state = uart.state();
    require(state.receive_fifo.count <= Pl011Fifo::kCapacity);
    require(uart_irq.level == ((state.ris & state.imsc) != 0));
    require(rtc_irq.level == (rtc.state().pending && rtc.state().unmasked));
    require(gpio_irq.level == (read_register(gpio, 0x418, 4) != 0));
  }
}

}  // namespace
}  // namespace skiff

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  skiff::run(skiff::GuestProgram(data, size));
  return 0;
}
