// Drivers that do what the specification forbids. After each the device still serves a good one,
// at once where the ring is sound, else after the reset it has asked for.
#include <functional>

#include "tests/unit/virtio/net/net_fixture.h"

namespace skiff::net_test {
namespace {

struct Row {
  const char* name;
  std::function<void(FakeVirtioDriver&)> attack;
  bool breaks_ring = false;
  std::size_t queue = 1;
};

GuestAddress put(FakeVirtioDriver& driver, std::size_t queue, std::string_view bytes) {
  const GuestAddress at = driver.buffer(queue);
  driver.memory().write(at, std::as_bytes(std::span(bytes)));
  return at;
}
std::function<void(FakeVirtioDriver&)> frame(const NetFrameHeader& header, std::size_t size) {
  return [=](FakeVirtioDriver& driver) { driver.send(1, bytes_of(header) + make_frame(size)); };
}
std::function<void(FakeVirtioDriver&)> control(const std::string& bytes) {
  return [=](FakeVirtioDriver& driver) {
    const GuestAddress at = put(driver, 2, bytes);
    const GuestAddress ack = driver.buffer(2);
    driver.queue(2).offer({{at, static_cast<std::uint32_t>(bytes.size())}, {ack, 1, true}});
    driver.kick(2);
  };
}
std::function<void(FakeVirtioDriver&)> raw(std::size_t queue, RawDescriptor descriptor) {
  return [=](FakeVirtioDriver& driver) {
    driver.queue(queue).write_descriptor(0, descriptor);
    driver.queue(queue).split().put_available(0);
    driver.queue(queue).show();
    driver.kick(queue);
  };
}

std::vector<Row> rows() {
  constexpr NetFrameHeader kTcp{.flags = 1,
                                .gso_type = 1,
                                .hdr_len = 54,
                                .gso_size = 1000,
                                .csum_start = 34,
                                .csum_offset = 16};
  const auto tcp = [=](auto change) {
    NetFrameHeader header = kTcp;
    change(header);
    return header;
  };
  using Driver = FakeVirtioDriver;
  return {
      {"transmit: one byte", [](Driver& d) { d.send(1, "x"); }},
      {"transmit: header cut by a byte", [](Driver& d) { d.send(1, std::string(11, '\0')); }},
      {"transmit: header alone", frame({}, 0)},
      {"transmit: frame of 13 bytes", frame({}, 13)},
      {"transmit: device-writable buffer",
       [](Driver& d) { d.queue(1).offer({{d.buffer(1), 100, true}}), d.kick(1); }},
      {"transmit: writable part behind a frame",
       [](Driver& d) {
         const auto at = put(d, 1, std::string(8, '\0'));
         d.queue(1).offer({{at, 8}, {d.buffer(1), 100, true}});
         d.kick(1);
       }},
      {"transmit: checksum outside", frame(tcp([](auto& h) { h.csum_start = 60000; }), 60)},
      {"transmit: checksum over the end", frame(tcp([](auto& h) { h.csum_offset = 60000; }), 60)},
      {"transmit: unknown segmentation", frame(tcp([](auto& h) { h.gso_type = 0x33; }), 1000)},
      {"transmit: segments of no size", frame(tcp([](auto& h) { h.gso_size = 0; }), 1000)},
      {"transmit: segmentation without checksum", frame(tcp([](auto& h) { h.flags = 0; }), 1000)},
      {"transmit: too long by far",
       [](Driver& d) {
         const auto at = d.buffer(1);
         d.queue(1).offer({{at, 30000}, {at, 30000}, {at, 30000}});
         d.kick(1);
       }},
      {"transmit: descriptor past RAM", raw(1, {.addr = 1ULL << 40, .len = 100}), true},
      {"transmit: address that wraps", raw(1, {.addr = ~0ULL - 10, .len = 100}), true},
      {"transmit: length of 4 GiB", raw(1, {.addr = 0, .len = 0xffffffff}), true},
      {"transmit: empty descriptor", raw(1, {.addr = 0x40000, .len = 0}), true},
      {"transmit: loop", raw(1, {.addr = 0x40000, .len = 20, .flags = 1, .next_or_id = 0}), true},
      {"transmit: next outside", raw(1, {.addr = 0x40000, .len = 20, .flags = 1, .next_or_id = 99}),
       true},
      {"transmit: indirect, not negotiated", raw(1, {.addr = 0x40000, .len = 16, .flags = 4}),
       true},
      {"receive: readable buffer",
       [](Driver& d) { d.queue(0).offer({{d.buffer(0), 100}}), d.kick(0); }, false, 0},
      {"receive: readable before writable",
       [](Driver& d) {
         d.queue(0).offer({{d.buffer(0), 100}, {d.buffer(0), 100, true}});
         d.kick(0);
       },
       false, 0},
      {"receive: one byte", [](Driver& d) { d.give(0, 1); }, false, 0},
      {"receive: eleven bytes", [](Driver& d) { d.give(0, 11); }, false, 0},
      {"receive: descriptor past RAM", raw(0, {.addr = 1ULL << 40, .len = 100, .flags = 2}), true,
       0},
      {"receive: writable before readable",
       [](Driver& d) {
         d.queue(0).write_descriptor(0, {0x40000, 16, 3, 1});
         d.queue(0).write_descriptor(1, {0x40000, 16, 0, 0});
         d.queue(0).split().put_available(0);
         d.queue(0).show();
         d.kick(0);
       },
       true, 0},
      {"control: no room for the answer",
       [](Driver& d) {
         d.queue(2).offer({{put(d, 2, std::string("\0\0\1", 3)), 3}});
         d.kick(2);
       },
       false, 2},
      {"control: nothing but an answer",
       [](Driver& d) { d.queue(2).offer({{d.buffer(2), 1, true}}), d.kick(2); }, false, 2},
      {"control: one byte", control("x"), false, 2},
      {"control: header alone", control(std::string("\0\0", 2)), false, 2},
      {"control: unknown class", control("\x77\x77"), false, 2},
      {"control: MAC cut", control(std::string("\1\1\2\0\0", 5)), false, 2},
      {"control: table cut", control(std::string("\1\0\1\0\0\0", 6)), false, 2},
      {"control: table of 2^32-1", control(std::string("\1\0\xff\xff\xff\xff\0\0\0\0", 10)), false,
       2},
      {"control: longer than any command",
       [](Driver& d) {
         const auto at = d.buffer(2);
         d.queue(2).offer({{at, 20000}, {d.buffer(2), 1, true}});
         d.kick(2);
       },
       false, 2},
      {"control: no pairs", control(std::string("\4\0\0\0", 4)), false, 2},
      {"control: 65535 pairs", control(std::string("\4\0\xff\xff", 4)), false, 2},
      {"control: descriptor past RAM", raw(2, {.addr = 1ULL << 40, .len = 100}), true, 2},
      {"kick without anything", [](Driver& d) { d.kick(0), d.kick(1), d.kick(2); }},
  };
}

class NetMalformed : public NetTest {};

TEST_F(NetMalformed, EachIsSurvived) {
  for (const Row& row : rows()) {
    SCOPED_TRACE(row.name);
    for (const std::uint64_t features : {kAll, ~kMrgRxbuf}) {
      if (driver) driver->detach();
      device.reset();
      driver.reset();
      make(features);
      row.attack(*driver);
      // Frames meet what the attack left.
      if (row.queue == 0) wire->arrive(make_frame(60));
      clock.run();
      EXPECT_EQ(driver->interrupts.needs_reset() == 1, row.breaks_ring);
      EXPECT_LE(driver->interrupts.needs_reset(), 1);
      if (row.breaks_ring) {
        EXPECT_FALSE(driver->interrupts.why().empty());
        EXPECT_FALSE(wire->started);
        driver->kick(row.queue);
        wire->arriving[0].clear();
        clock.run();
        device->reset([] {});
        clock.run();
        driver->lay_rings();
        driver->activate(negotiated);
      }
      EXPECT_TRUE(wire->sent.empty());
      // A good frame each way, and a good command.
      wire->arriving[0].clear();
      give(4, 200);
      wire->arrive(make_frame(100));
      bool received = false;
      while (auto bytes = driver->take(0))
        received = received || !bytes->empty();
      EXPECT_TRUE(received);
      transmit(make_frame(101));
      ASSERT_FALSE(wire->sent.empty());
      EXPECT_EQ(wire->sent.back().bytes, make_frame(101));
      while (driver->queue(2).used()) {
      }
      EXPECT_EQ(command(std::string("\0\0\1", 3)), kAckOk);
    }
  }
}

TEST_F(NetMalformed, CountedAsGuestFaults) {
  make();
  transmit(make_frame(3));
  EXPECT_EQ(device->guest_faults(), 1U);
  command("zz");
  EXPECT_EQ(device->guest_faults(), 2U);
}

}  // namespace
}  // namespace skiff::net_test
