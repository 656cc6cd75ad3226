// One of each legacy device with everything around them faked, for tests that treat them alike.
#pragma once

#include <array>

#include "devices/acpi/acpi_pm.h"
#include "devices/acpi/reset_control.h"
#include "devices/misc/debug_exit.h"
#include "devices/misc/debug_register.h"
#include "devices/misc/debug_text_port.h"
#include "devices/misc/i8042.h"
#include "devices/misc/post_code.h"
#include "devices/misc/pvpanic.h"
#include "devices/rtc/cmos_rtc.h"
#include "devices/serial/uart_16550.h"
#include "tests/fakes/fake_byte_sink.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_irq_sink.h"

namespace skiff {

struct EveryDevice {
  FakeClock clock;
  FakeByteSink sink;
  FakeIrqSink irq;
  FakeIrqSink rtc_irq;
  FakeIrqSink sci;
  std::uint64_t callbacks = 0;

  Uart16550 uart{"serial0", &irq, sink};
  CmosRtc rtc{"rtc", &rtc_irq, clock, clock, {}};
  I8042 i8042{"i8042", [this] { ++callbacks; }};
  AcpiPm pm{"acpi-pm", &sci, [this] { ++callbacks; }};
  ResetControl reset{"reset", [this] { ++callbacks; }};
  DebugExit exit{"debug-exit", [this](std::uint32_t) { ++callbacks; }};
  DebugTextPort text{"debug-text", sink};
  PostCode post{"post"};
  DebugRegister debug_register{"debug-register"};
  Pvpanic pvpanic{"pvpanic", [this](PvpanicEvent) { ++callbacks; }};

  std::array<IoDevice*, 10> all{&uart, &rtc,  &i8042, &pm,      &reset,
                                &exit, &text, &post,  &pvpanic, &debug_register};
};

}  // namespace skiff
