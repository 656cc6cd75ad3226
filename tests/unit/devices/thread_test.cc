// Two vCPUs, an input thread and a timer thread on one device: for the thread sanitizer, and for
// bytes, edges and wake-ups that must not be lost between them.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "devices/acpi/acpi_pm.h"
#include "devices/acpi/acpi_pm_regs.h"
#include "devices/misc/i8042.h"
#include "devices/misc/post_code.h"
#include "devices/rtc/cmos_rtc.h"
#include "devices/serial/uart_16550.h"
#include "devices/serial/uart_16550_regs.h"
#include "tests/fakes/fake_byte_sink.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/fakes/fake_receive_room_listener.h"
#include "tests/fakes/register_access.h"
#include "tests/fakes/timer_only_executor.h"

namespace skiff {
namespace {

using namespace uart_16550;

// A timer without a thread: the test calls `fire` from one of its own.
class HandExecutor final : public TimerOnlyExecutor {
 public:
  std::unique_ptr<Timer> create_timer(std::function<void()> on_expiry) override {
    fire = std::move(on_expiry);
    return std::make_unique<HandTimer>();
  }
  std::function<void()> fire;

 private:
  struct HandTimer final : Timer {
    void arm(Clock::Nanoseconds) noexcept override {}
    void cancel() noexcept override {}
  };
};

void hammer(IoDevice& device, std::uint64_t offsets, unsigned seed) {
  std::mt19937 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t offset = random() % offsets;
    if (random() % 2 == 0) {
      write_register(device, offset, random());
    } else {
      read_register(device, offset);
    }
  }
}

TEST(Threads, UartUnderRandomAccesses) {
  FakeIrqSink irq;
  FakeByteSink sink;
  FakeReceiveRoomListener listener;
  Uart16550 uart("serial0", &irq, sink);
  uart.set_room_listener(&listener);
  {
    const std::jthread one([&] { hammer(uart, kRegisterCount, 1); });
    const std::jthread two([&] { hammer(uart, kRegisterCount, 2); });
    for (int i = 0; i < 2000; ++i) {
      uart.receive(as_byte_span("some input"));
      if (i % 16 == 0) uart.receive_break();
      uart.on_transmit_room();
      sink.set_room(static_cast<std::size_t>(i % 3));
    }
    sink.set_room(1U << 20);
    uart.on_transmit_room();
  }
  // The wire is where the registers say.
  write_register(uart, kMcr, 0);
  EXPECT_FALSE(irq.level);
}

TEST(Threads, BytesOfTwoVcpusAllArriveThroughASinkThatFills) {
  FakeByteSink sink;
  sink.set_room(0);
  Uart16550 uart("serial0", nullptr, sink);
  constexpr int kEach = 5000;
  std::atomic<int> running{2};
  const auto print = [&](char letter) {
    for (int i = 0; i < kEach; ++i) {
      while (write_register(uart, kThr, static_cast<unsigned char>(letter)) == IoStatus::busy) {
        std::this_thread::yield();
      }
    }
    --running;
  };
  {
    const std::jthread one(print, 'a');
    const std::jthread two(print, 'b');
    while (running != 0) {
      if (!sink.writable()) sink.set_room(64);
      uart.on_transmit_room();
      std::this_thread::yield();
    }
  }
  const std::string text = sink.text();
  EXPECT_EQ(std::count(text.begin(), text.end(), 'a'), kEach);
  EXPECT_EQ(std::count(text.begin(), text.end(), 'b'), kEach);
}

TEST(Threads, InputArrivesWholeAndInOrder) {
  FakeIrqSink irq;
  FakeByteSink sink;
  FakeReceiveRoomListener listener;
  Uart16550 uart("serial0", &irq, sink);
  uart.set_room_listener(&listener);
  write_register(uart, kFcr, 0x81);
  write_register(uart, kMcr, kMcrOut2);
  write_register(uart, kIer, kIerErbfi);
  std::string sent(50'000, '\0');
  for (std::size_t i = 0; i < sent.size(); ++i)
    sent[i] = static_cast<char>(i * 7);
  const std::jthread source([&] {
    std::size_t taken = 0;
    while (taken < sent.size()) {
      const int heard = listener.calls;
      const auto rest = std::string_view(sent).substr(taken);
      const std::size_t now = uart.receive(as_byte_span(rest));
      taken += now;
      // Offers again only when it is told: a lost call hangs the test.
      while (now < rest.size() && listener.calls == heard)
        std::this_thread::yield();
    }
  });
  std::string got;
  while (got.size() < sent.size()) {
    if ((read_register(uart, kLsr) & kLsrDr) != 0) {
      got += static_cast<char>(read_register(uart, kRbr));
    } else {
      std::this_thread::yield();
    }
  }
  EXPECT_EQ(got, sent);
}

TEST(Threads, WithheldThrEmptyIsNeverLost) {
  FakeIrqSink irq;
  FakeByteSink sink;
  sink.set_room(1);
  Uart16550 uart("serial0", &irq, sink);
  write_register(uart, kMcr, kMcrOut2);
  write_register(uart, kIer, kIerEtbei);
  std::atomic<bool> stop{false};
  const std::jthread drain([&] {
    while (!stop) {
      if (!sink.writable()) {
        sink.set_room(1);
        uart.on_transmit_room();  // exactly one call for each time it was full
      }
      std::this_thread::yield();
    }
  });
  for (int i = 0; i < 5000; ++i) {
    while ((read_register(uart, kIir) & 0x0f) != kIirThrEmpty)
      std::this_thread::yield();
    // A call of on_transmit_room that comes late may announce room that is gone: then it is busy.
    while (write_register(uart, kThr, 'x') == IoStatus::busy)
      std::this_thread::yield();
  }
  stop = true;
  EXPECT_EQ(sink.text().size(), 5000U);
}

TEST(Threads, RtcUnderRandomAccesses) {
  FakeIrqSink irq;
  const SystemClock clock;
  HandExecutor executor;
  CmosRtc rtc("rtc", &irq, clock, executor, {});
  {
    const std::jthread one([&] { hammer(rtc, 2, 1); });
    const std::jthread two([&] { hammer(rtc, 2, 2); });
    for (int i = 0; i < 5000; ++i)
      executor.fire();
  }
  rtc.reset();
  EXPECT_FALSE(irq.level);
}

TEST(Threads, PowerManagementAndSmallPorts) {
  FakeIrqSink sci;
  std::atomic<int> callbacks{0};
  AcpiPm pm("acpi-pm", &sci, [&] { ++callbacks; });
  I8042 controller("i8042", [&] { ++callbacks; });
  PostCode post("post");
  {
    const std::jthread one([&] {
      hammer(pm, acpi_pm::kSize, 1);
      hammer(controller, 5, 1);
      for (int i = 0; i < 10'000; ++i)
        write_register(post, 0, 1);
    });
    const std::jthread two([&] {
      hammer(pm, acpi_pm::kSize, 2);
      hammer(controller, 5, 2);
      for (int i = 0; i < 10'000; ++i)
        write_register(post, 0, 2);
    });
    for (int i = 0; i < 5000; ++i)
      pm.press_power_button();
  }
  EXPECT_EQ(post.state().count, 20'000U);
  write_register(pm, acpi_pm::kPm1En, 0, 2);
  EXPECT_FALSE(sci.level);
}

}  // namespace
}  // namespace skiff
