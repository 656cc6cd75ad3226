// A driver's thread and the controller's: no doorbell is lost, no completion seen too early, and a
// reset under load ends.
#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/unit/nvme/nvme_fixture.h"
#include "tests/unit/virtio/core/thread_executor.h"

namespace skiff {
namespace {

using namespace nvme;

class NvmeRace : public NvmeFixture {
 protected:
  void start() {
    create(std::make_unique<MemoryDisk>(kDiskSize, plain_info()), {.queues = 2}, executor);
    use_msix(2);
    bring_up();
  }
  // As a driver looks: the last word first.
  Completion await(std::size_t queue) {
    Ring& ring_of = rings[queue];
    const GuestAddress at(ring_of.cq + ring_of.head * sizeof(Completion));
    const auto bytes = memory.slice(at, sizeof(Completion)).value();
    auto& last = *reinterpret_cast<std::uint32_t*>(bytes.data() + 12);
    while ((std::atomic_ref(last).load(std::memory_order_acquire) >> 16 & 1) !=
           (ring_of.phase ? 1U : 0U))
      std::this_thread::yield();
    return take(queue, false).value();
  }
  void command(std::size_t queue, const Command& what) {
    const std::uint16_t cid = offer(queue, what);
    ring_tail(queue);
    const Completion entry = await(queue);
    ASSERT_EQ(entry.cid, cid);
    ASSERT_EQ(entry.status >> 1, 0);
    ring(queue, true, rings[queue].head);
  }
  void bring_up() {
    rings.clear();
    rings[0] = {.sq = kAdminSq, .cq = kAdminCq};
    rings[1] = {.sq = kIoQueues, .cq = kIoQueues + 0x1000};
    memory.fill(GuestAddress(kAdminCq), 0x1000, std::byte{0});
    memory.fill(GuestAddress(kIoQueues), 0x2000, std::byte{0});
    write(kAqa, (kEntries - 1) << 16 | (kEntries - 1));
    write(kAsq, kAdminSq, 8);
    write(kAcq, kAdminCq, 8);
    write(kCc, 0x0046'0001);
    while (csts() != kCstsReady)
      std::this_thread::yield();
    const std::uint32_t dw10 = (kEntries - 1) << 16 | 1;
    command(0,
            {.opcode = kCreateCq, .prp1 = kIoQueues + 0x1000, .dw10 = dw10, .dw11 = 1 << 16 | 3});
    command(0, {.opcode = kCreateSq, .prp1 = kIoQueues, .dw10 = dw10, .dw11 = 1 << 16 | 1});
  }
  void TearDown() override { nvme.reset(); }

  ThreadExecutor executor;
};

TEST_F(NvmeRace, NoDoorbellIsLost) {
  start();
  for (std::uint32_t i = 0; i < 3000; ++i) {
    // Now and then nothing but room in the completion queue is missing.
    const std::uint32_t count = i % 7 == 0 ? kEntries - 1 : 1 + i % 3;
    for (std::uint32_t j = 0; j < count; ++j)
      offer(1, transfer(kRead, j, 1));
    ring_tail(1);
    for (std::uint32_t j = 0; j < count; ++j) {
      ASSERT_EQ(await(1).status >> 1, 0);
      if (i % 2 == 0) ring(1, true, rings[1].head);
    }
    ring(1, true, rings[1].head);
  }
}

TEST_F(NvmeRace, ResetsUnderLoad) {
  start();
  for (int i = 0; i < 50; ++i) {
    for (std::uint32_t j = 0; j < kEntries - 1; ++j)
      offer(1, transfer(kRead, j, 1));
    ring_tail(1);
    if (i % 3 == 0) ring_tail(0);
    write(kCc, 0);
    while (csts() != 0)
      std::this_thread::yield();
    bring_up();
  }
}

// Registers, the wire and the statistics from other threads at the same time.
TEST_F(NvmeRace, ManyVcpus) {
  start();
  std::atomic<bool> ends{false};
  std::thread other([&] {
    IoBus::Reader own(mmio);
    IoBus::Target target;
    std::uint64_t value = 0;
    for (std::uint64_t i = 0; !ends; ++i) {
      mmio.read(own, bar + 4 * (i % 16), 4, value, target);
      mmio.write(own, bar + (i % 2 == 0 ? kIntms : kIntmc), 4, 1, target);
      mmio.write(own, bar + kDoorbells + 16, 4, i, target);  // no such queue
      nvme->stats();
    }
  });
  for (int i = 0; i < 300; ++i)
    command(1, transfer(kRead, 0, 1));
  ends = true;
  other.join();
}

}  // namespace
}  // namespace skiff
