// A driver's thread and the card's: no doorbell is lost, nothing is seen too early, and after a
// stop no memory is touched.
#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "tests/unit/e1000/e1000_fixture.h"
#include "tests/unit/virtio/core/thread_executor.h"

namespace skiff::e1000_test {
namespace {

// A wire that does something while it has a frame, as another vCPU would.
class CallingBackend final : public NetBackend {
 public:
  const NetCapabilities& capabilities() const override { return capabilities_; }
  void start(Executor&, std::uint16_t, Events) override {}
  void stop() override {}
  void set_pairs(std::uint16_t) override {}
  void set_receive_offloads(const NetOffloads&) override {}
  SendResult send(std::uint16_t, std::span<const iovec>) override {
    on_send();
    return SendResult::sent;
  }
  void flush(std::uint16_t) override {}
  ReceiveResult receive(std::uint16_t, std::span<const iovec>) override { return {}; }
  void want_receive(std::uint16_t, bool) override {}

  std::function<void()> on_send;

 private:
  const NetCapabilities capabilities_;
};

class E1000Stop : public E1000Test {};

TEST_F(E1000Stop, WaitsForTheFrameUnderWayAndNoLonger) {
  for (const std::uint32_t what : {kTctl, kCtrl}) {
    card.reset();
    auto backend = std::make_unique<CallingBackend>();
    std::vector<IoStatus> statuses;
    backend->on_send = [&] {
      statuses.push_back(write(what, what == kCtrl ? kCtrlRst : 0));
      statuses.push_back(write(kMta, 7));  // takes nothing away
    };
    card = std::make_unique<E1000Controller>(std::move(backend), clock, clock, memory,
                                             E1000Options{.mac = kOwn});
    bus.add(*card);
    bus.assign_bars();
    card->config_write(4, 2, 7);
    bar = card->wanted_range(0)->start;
    bring_up();
    offer_legacy(raw_frame(100));
    offer_legacy(raw_frame(100));
    ring_transmit();
    EXPECT_THAT(statuses, testing::ElementsAre(IoStatus::busy, IoStatus::ok));
    EXPECT_FALSE(is_done(1));
    EXPECT_EQ(write(what, what == kCtrl ? kCtrlRst : 0), IoStatus::ok);
  }
}

class E1000Race : public E1000Test {
 protected:
  void begin() { create(executor, {.mac = kOwn}, plain()); }
  void TearDown() override { card.reset(); }
  // As a driver looks.
  bool is_done_now(std::uint64_t ring, std::uint32_t index) {
    auto bytes = memory.slice(GuestAddress(ring + index * std::uint64_t{16} + 12), 1).value();
    return (std::atomic_ref(bytes[0]).load(std::memory_order_acquire) & std::byte{kTxDd}) !=
           std::byte{0};
  }
  void wait(std::uint64_t ring, std::uint32_t index) {
    while (!is_done_now(ring, index))
      std::this_thread::yield();
  }
  void stop(std::uint64_t offset, std::uint32_t value) {
    while (write(offset, value) == IoStatus::busy)
      std::this_thread::yield();
  }
  void bring_up_now() {
    memory.fill(GuestAddress(kTxRing), kEntries * 16, std::byte{0});
    memory.fill(GuestAddress(kRxRing), kEntries * 16, std::byte{0});
    for (std::uint32_t i = 0; i < kEntries; ++i)
      set_receive_buffer(i, kRxData + i * kRxRoom);
    write(kCtrl, kCtrlSlu);
    write(kTdbal, kTxRing);
    write(kTdlen, kEntries * 16);
    write(kRdbal, kRxRing);
    write(kRdlen, kEntries * 16);
    write(kTctl, kTctlEn);
    write(kRctl, kRctlEn);
    tx_tail = rx_tail = rx_head = 0;
  }

  ThreadExecutor executor;
};

TEST_F(E1000Race, NoDoorbellIsLost) {
  begin();
  bring_up_now();
  static const std::string frame = raw_frame(60);
  for (std::uint32_t i = 0; i < 3000; ++i) {
    const std::uint32_t count = 1 + i % 3;
    const std::uint32_t first = tx_tail;
    tx_room = kTxData;
    for (std::uint32_t j = 0; j < count; ++j)
      offer_legacy(frame);
    write(kTdt, tx_tail);
    for (std::uint32_t j = 0; j < count; ++j)
      wait(kTxRing, (first + j) % kEntries);
  }
}

TEST_F(E1000Race, FramesArriveWhileBuffersComeAndGo) {
  begin();
  bring_up_now();
  static const std::string frame = raw_frame(60);
  std::uint32_t index = 0;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    executor.post([this] { wire->arrive(frame); });
    rx_tail = (rx_tail + 1) % kEntries;
    write(kRdt, rx_tail);
    wait(kRxRing, index);
    set_receive_buffer(index, kRxData + index * kRxRoom);
    index = (index + 1) % kEntries;
  }
}

// After a stop the driver's memory is its own: the thread sanitizer sees who touches it.
TEST_F(E1000Race, StopsAndResetsUnderLoad) {
  begin();
  static const std::string frame = raw_frame(60);
  for (int i = 0; i < 60; ++i) {
    bring_up_now();
    for (int j = 0; j < 40; ++j)
      executor.post([this] { wire->arrive(frame); });
    write(kRdt, kEntries - 1);
    tx_room = kTxData;
    for (std::uint32_t j = 0; j < kEntries - 1; ++j)
      offer_legacy(frame);
    write(kTdt, tx_tail);
    if (i % 3 == 0) {
      stop(kTctl, 0);
      stop(kRctl, 0);
    }
    stop(kCtrl, kCtrlRst);
    ASSERT_EQ(read(kTdh), 0U);
    ASSERT_EQ(read(kRdh), 0U);
    memory.fill(GuestAddress(kTxRing), kEntries * 16, std::byte{0xee});
    memory.fill(GuestAddress(kRxRing), kEntries * 16, std::byte{0xee});
    memory.fill(GuestAddress(kRxData), 60, std::byte{0xee});
    executor.post([this] { wire->arriving[0].clear(); });
  }
}

// Registers, the wire, the link and the statistics from other threads at the same time.
TEST_F(E1000Race, ManyVcpus) {
  begin();
  bring_up_now();
  std::atomic<bool> ends{false};
  std::thread other([&] {
    IoBus::Reader own(mmio);
    IoBus::Target target;
    std::uint64_t value = 0;
    constexpr std::array<std::uint32_t, 10> kRead = {
        kIcr, kStatus, kTdh, kRdh, E1000Statistics::gptc, kEecd, kRctl, kMdic, kRa, kIms};
    for (std::size_t i = 0; !ends; ++i) {
      mmio.read(own, bar + kRead[i % kRead.size()], 4, value, target);
      mmio.write(own, bar + (i % 2 == 0 ? kIms : kImc), 4, kIntAll, target);
      mmio.write(own, bar + kIcs, 4, kIntLsc, target);
      mmio.write(own, bar + kMta, 4, i, target);
      mmio.write(own, bar + kItr, 4, i % 3, target);
      card->stats();
    }
  });
  std::thread hands([&] {
    while (!ends) {
      card->set_link(false);
      card->set_link(true);
      card->set_limits({});
    }
  });
  static const std::string frame = raw_frame(60);
  for (int i = 0; i < 300; ++i) {
    const std::uint32_t index = tx_tail;
    tx_room = kTxData;
    offer_legacy(frame);
    write(kTdt, tx_tail);
    wait(kTxRing, index);
  }
  ends = true;
  other.join();
  hands.join();
}

}  // namespace
}  // namespace skiff::e1000_test
