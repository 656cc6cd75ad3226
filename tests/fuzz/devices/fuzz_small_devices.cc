// The devices without time or input, chosen by each step's first byte: i8042, ACPI power
// management, reset control, debug ports, POST code, pvpanic.
#include <array>
#include <cstdlib>

#include "devices/acpi/acpi_pm.h"
#include "devices/acpi/reset_control.h"
#include "devices/misc/debug_exit.h"
#include "devices/misc/debug_register.h"
#include "devices/misc/debug_text_port.h"
#include "devices/misc/i8042.h"
#include "devices/misc/post_code.h"
#include "devices/misc/pvpanic.h"
#include "tests/fakes/fake_byte_sink.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/fuzz/devices/guest_program.h"

namespace skiff {
namespace {

void run(GuestProgram program) {
  FakeIrqSink sci;
  FakeByteSink sink;
  std::uint64_t calls = 0;
  const auto count = [&calls] { ++calls; };
  I8042 i8042("i8042", count);
  AcpiPm pm("acpi-pm", &sci, count);
  ResetControl reset("reset", count);
  DebugExit exit("debug-exit", [&](std::uint32_t) { ++calls; });
  DebugTextPort text("debug-text", sink);
  PostCode post("post");
  DebugRegister debug_register("debug-register");
  Pvpanic pvpanic("pvpanic", [&](PvpanicEvent) { ++calls; });
  const std::array<IoDevice*, 8> devices{&i8042, &pm,   &reset,   &exit,
                                         &text,  &post, &pvpanic, &debug_register};
  std::uint64_t writes = 0;
  while (!program.at_end()) {
    const std::uint8_t step = program.byte();
    IoDevice& device = *devices[(step >> 4) % devices.size()];
    switch (step % 4) {
      case 0:
        check_read(device, program.access(8));
        break;
      case 1: {
        std::size_t done = 0;
        const auto bytes = program.text(program.byte() % 16);
        device.write_string(program.string_access(8), bytes, done);
        if (done > bytes.size()) std::abort();
        writes += bytes.size();
        break;
      }
      default: {
        const IoAccess access = program.access(8);
        device.write(access, program.value(4));
        ++writes;
        break;
      }
    }
    if (step % 32 == 7) pm.press_power_button();
    if (step % 32 == 15) sink.set_room(step);
    const AcpiPm::State state = pm.state();
    if (sci.level != ((state.pm1_sts & state.pm1_en) != 0)) std::abort();
  }
  if (calls > writes) std::abort();
  i8042.restore(i8042.state());
  pm.reset();
  if (sci.level) std::abort();
}

}  // namespace
}  // namespace skiff

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  skiff::run(skiff::GuestProgram(data, size));
  return 0;
}
