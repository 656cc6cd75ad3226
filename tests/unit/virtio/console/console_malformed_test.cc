// What a broken or hostile driver does to a console: either it is ignored (and counted), and the
// device goes on, or the ring is broken, and the device wants a reset and is as new after it.
#include "tests/unit/virtio/console/console_fixture.h"

namespace skiff {
namespace {

using namespace virtio_console;

constexpr std::uint16_t kRx = receive_queue(1);
constexpr std::uint16_t kTx = transmit_queue(1);
constexpr std::uint16_t kControlRx = kControlReceiveQueue;
constexpr std::uint16_t kControlTx = kControlTransmitQueue;
constexpr std::uint16_t kNext = virtq::kDescNext;
constexpr std::uint16_t kWrite = virtq::kDescWrite;
constexpr std::uint64_t kPastRam = 1ULL << 40;

// A raw chain from descriptor 0.
void put(FakeVirtioDriver& driver, std::uint16_t queue, std::initializer_list<RawDescriptor> chain,
         std::uint16_t head = 0) {
  std::uint16_t index = 0;
  for (const RawDescriptor& descriptor : chain)
    driver.queue(queue).write_descriptor(index++, descriptor);
  driver.queue(queue).split().put_available(head);
  driver.queue(queue).show();
  driver.kick(queue);
}

void say(FakeVirtioDriver& driver, std::uint32_t id, std::uint16_t event, std::uint16_t value) {
  const GuestAddress at = driver.buffer(kControlTx);
  driver.memory().store(at, ControlMessage{.id = id, .event = event, .value = value});
  driver.queue(kControlTx).offer({{at, 8}});
  driver.kick(kControlTx);
}

struct Attack {
  const char* name;
  bool breaks;  // a ring: needs a reset; else it is ignored
  void (*run)(FakeVirtioDriver& driver);
};

// RAM of the rig; a buffer in the middle of it.
constexpr std::uint64_t kSomewhere = 0x70000;

const Attack kAttacks[] = {
    // Transmit.
    {"tx_available_ahead", true,
     [](FakeVirtioDriver& d) {
       d.queue(kTx).split().set_available_index(17);
       d.kick(kTx);
     }},
    {"tx_head_out_of_range", true,
     [](FakeVirtioDriver& d) { put(d, kTx, {{kSomewhere, 8, 0, 0}}, 16); }},
    {"tx_head_ffff", true,
     [](FakeVirtioDriver& d) { put(d, kTx, {{kSomewhere, 8, 0, 0}}, 0xffff); }},
    {"tx_buffer_past_ram", true, [](FakeVirtioDriver& d) { put(d, kTx, {{kPastRam, 8, 0, 0}}); }},
    {"tx_buffer_wraps", true, [](FakeVirtioDriver& d) { put(d, kTx, {{~0ULL - 3, 8, 0, 0}}); }},
    {"tx_buffer_crosses_the_end", true,
     [](FakeVirtioDriver& d) { put(d, kTx, {{kSomewhere, 0xffffffff, 0, 0}}); }},
    {"tx_empty_buffer", true, [](FakeVirtioDriver& d) { put(d, kTx, {{kSomewhere, 0, 0, 0}}); }},
    {"tx_loop", true,
     [](FakeVirtioDriver& d) {
       put(d, kTx, {{kSomewhere, 1, kNext, 1}, {kSomewhere, 1, kNext, 0}});
     }},
    {"tx_next_out_of_range", true,
     [](FakeVirtioDriver& d) { put(d, kTx, {{kSomewhere, 1, kNext, 99}}); }},
    {"tx_readable_after_writable", true,
     [](FakeVirtioDriver& d) {
       put(d, kTx, {{kSomewhere, 1, kWrite | kNext, 1}, {kSomewhere, 1, 0, 0}});
     }},
    {"tx_indirect_not_negotiated", true,
     [](FakeVirtioDriver& d) { put(d, kTx, {{kSomewhere, 16, virtq::kDescIndirect, 0}}); }},
    {"tx_writable_only", false,
     [](FakeVirtioDriver& d) {
       d.queue(kTx).offer({{d.buffer(kTx), 16, true}});
       d.kick(kTx);
     }},
    {"tx_kick_without_buffers", false, [](FakeVirtioDriver& d) { d.kick(kTx); }},
    // Receive; input is waiting.
    {"rx_available_ahead", true,
     [](FakeVirtioDriver& d) {
       d.queue(kRx).split().set_available_index(1000);
       d.kick(kRx);
     }},
    {"rx_head_out_of_range", true,
     [](FakeVirtioDriver& d) { put(d, kRx, {{kSomewhere, 8, kWrite, 0}}, 999); }},
    {"rx_buffer_past_ram", true,
     [](FakeVirtioDriver& d) { put(d, kRx, {{kPastRam, 8, kWrite, 0}}); }},
    {"rx_loop", true,
     [](FakeVirtioDriver& d) { put(d, kRx, {{kSomewhere, 1, kWrite | kNext, 0}}); }},
    {"rx_read_only", false,
     [](FakeVirtioDriver& d) {
       for (int i = 0; i < 5; ++i)
         d.queue(kRx).offer({{d.buffer(kRx), 16}});
       d.kick(kRx);
     }},
    {"rx_readable_and_writable", false,
     [](FakeVirtioDriver& d) {
       d.queue(kRx).offer({{d.buffer(kRx), 16}, {d.buffer(kRx), 1, true}});
       d.kick(kRx);
     }},
    {"rx_kick_without_buffers", false, [](FakeVirtioDriver& d) { d.kick(kRx); }},
    // Control, to the device.
    {"control_tx_head_out_of_range", true,
     [](FakeVirtioDriver& d) { put(d, kControlTx, {{kSomewhere, 8, 0, 0}}, 77); }},
    {"control_tx_buffer_past_ram", true,
     [](FakeVirtioDriver& d) { put(d, kControlTx, {{kPastRam, 8, 0, 0}}); }},
    {"control_tx_short", false,
     [](FakeVirtioDriver& d) {
       d.queue(kControlTx).offer({{d.buffer(kControlTx), 7}});
       d.kick(kControlTx);
     }},
    {"control_tx_writable_only", false,
     [](FakeVirtioDriver& d) {
       d.queue(kControlTx).offer({{d.buffer(kControlTx), 64, true}});
       d.kick(kControlTx);
     }},
    {"no_such_port", false, [](FakeVirtioDriver& d) { say(d, 2, 3, 1); }},
    {"no_such_port_far", false, [](FakeVirtioDriver& d) { say(d, 0xffffffff, 6, 1); }},
    {"no_such_port_wraps_to_one", false, [](FakeVirtioDriver& d) { say(d, 0x80000001, 6, 0); }},
    {"event_8", false, [](FakeVirtioDriver& d) { say(d, 0, 8, 1); }},
    {"event_ffff", false, [](FakeVirtioDriver& d) { say(d, 0, 0xffff, 1); }},
    {"port_add_from_the_driver", false, [](FakeVirtioDriver& d) { say(d, 0, 1, 1); }},
    {"port_remove_from_the_driver", false, [](FakeVirtioDriver& d) { say(d, 0, 2, 1); }},
    {"console_port_from_the_driver", false, [](FakeVirtioDriver& d) { say(d, 0, 4, 1); }},
    {"resize_from_the_driver", false, [](FakeVirtioDriver& d) { say(d, 0, 5, 1); }},
    {"port_name_from_the_driver", false, [](FakeVirtioDriver& d) { say(d, 0, 7, 1); }},
    {"device_ready_failed", false,
     [](FakeVirtioDriver& d) {
       say(d, 0, 0, 0);
       say(d, 1, 6, 1);
     }},
    {"port_ready_failed", false, [](FakeVirtioDriver& d) { say(d, 0, 3, 0); }},
    // Control, to the driver; a message is waiting.
    {"control_rx_head_out_of_range", true,
     [](FakeVirtioDriver& d) { put(d, kControlRx, {{kSomewhere, 64, kWrite, 0}}, 16); }},
    {"control_rx_buffer_past_ram", true,
     [](FakeVirtioDriver& d) { put(d, kControlRx, {{kPastRam, 64, kWrite, 0}}); }},
    {"control_rx_read_only", false,
     [](FakeVirtioDriver& d) {
       d.queue(kControlRx).offer({{d.buffer(kControlRx), 64}});
       d.kick(kControlRx);
     }},
    {"control_rx_too_small", false, [](FakeVirtioDriver& d) { d.give(kControlRx, 7); }},
};

class ConsoleMalformed : public ConsoleFixture, public ::testing::WithParamInterface<Attack> {
 protected:
  // The port works both ways.
  void expect_alive() {
    const std::string before = sinks[1].text();
    driver->send(kTx, "clean");
    clock.run();
    EXPECT_EQ(sinks[1].text(), before + "clean");
    while (driver->queue(kRx).used()) {
    }
    const std::size_t got = std::string("alive").size();
    EXPECT_EQ(input(1, "alive"), got);
    std::string heard;
    for (int i = 0; i < 8; ++i) {
      driver->give(kRx);
      clock.run();
      heard += take_all(kRx);
    }
    EXPECT_TRUE(heard.ends_with("alive")) << heard;
  }
};

INSTANTIATE_TEST_SUITE_P(Table, ConsoleMalformed, ::testing::ValuesIn(kAttacks),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_P(ConsoleMalformed, IsAnswered) {
  create({{}, {.name = "one"}});
  start();
  open_ports();
  input(1, "waiting");
  // The first message takes the buffer that open_ports has left, the second waits for one.
  for (const std::uint16_t columns : {std::uint16_t{80}, std::uint16_t{81}}) {
    console->port(0).on_window_size(columns, 25);
    clock.run();
  }
  EXPECT_EQ(hear(), "0 5 1 [80x25]");

  GetParam().run(*driver);
  clock.run();
  EXPECT_FALSE(clock.run());
  if (GetParam().breaks) {
    EXPECT_EQ(driver->interrupts.needs_reset(), 1);
    EXPECT_NE(driver->interrupts.why(), "");
    // It does not go on with the other queues either.
    const std::string before = sinks[0].text();
    driver->send(transmit_queue(0), "unheard");
    console->port(1).on_transmit_room();
    EXPECT_EQ(input(1, "x"), 1U);
    console->port(1).on_window_size(3, 4);
    clock.run();
    EXPECT_EQ(sinks[0].text(), before);
    EXPECT_EQ(driver->interrupts.needs_reset(), 1);
    restart();
    open_ports();
  }
  expect_alive();
  EXPECT_EQ(driver->interrupts.needs_reset(), GetParam().breaks ? 1 : 0);
}

TEST(ConsoleMalformedTable, IsLongEnough) {
  EXPECT_GE(std::size(kAttacks), 20U);
}

}  // namespace
}  // namespace skiff
