// The 16550 under any sequence of accesses, input, breaks, and a sink that fills and empties.
// Beyond not crashing: what goes in on the line comes out of RBR unless the guest resets a FIFO,
// what the sink took is what was written, and the wire is where the registers say.
#include <cstdlib>

#include "devices/serial/uart_16550.h"
#include "devices/serial/uart_16550_regs.h"
#include "tests/fakes/fake_byte_sink.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/fakes/fake_receive_room_listener.h"
#include "tests/fuzz/devices/guest_program.h"

namespace skiff {
namespace {

using namespace uart_16550;

void require(bool holds) {
  if (!holds) std::abort();
}

void run(GuestProgram program) {
  FakeIrqSink irq;
  FakeByteSink sink;
  FakeReceiveRoomListener listener;
  Uart16550 uart("serial0", &irq, sink);
  uart.set_room_listener(&listener);
  std::size_t accepted = 0;
  while (!program.at_end()) {
    switch (program.byte() % 8) {
      case 0:
      case 1:
        check_read(uart, program.access(kRegisterCount));
        break;
      case 2:
      case 3: {
        const IoAccess access = program.access(kRegisterCount);
        const Uart16550::State before = uart.state();
        const std::size_t sent = sink.text().size();
        if (uart.write(access, program.value(1)) == IoStatus::busy) {
          require(uart.state() == before && sink.text().size() == sent);
        }
        break;
      }
      case 4: {
        const Uart16550::State before = uart.state();
        const std::size_t taken = uart.receive(program.text(program.byte() % 32));
        require(uart.state().receive_fifo.count >= before.receive_fifo.count + taken);
        break;
      }
      case 5:
        uart.receive_break();
        break;
      case 6:
        sink.set_room(program.byte() % 4);
        uart.on_transmit_room();
        break;
      default: {
        std::size_t done = 0;
        const auto text = program.text(program.byte() % 64);
        const std::size_t before = sink.text().size();
        const IoStatus status =
            uart.write_string(program.string_access(kRegisterCount), text, done);
        accepted += sink.text().size() - before;
        require(done <= text.size() && (status == IoStatus::ok || status == IoStatus::busy));
        break;
      }
    }
    const Uart16550::State state = uart.state();
    require(state.receive_fifo.count <= ReceiveFifo::kCapacity);
    require(!irq.level || (state.mcr & kMcrOut2) != 0);
  }
  require(accepted <= sink.text().size());
  const Uart16550::State state = uart.state();
  uart.restore(state);
  uart.reset();
  require(!irq.level);
}

}  // namespace
}  // namespace skiff

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  skiff::run(skiff::GuestProgram(data, size));
  return 0;
}
