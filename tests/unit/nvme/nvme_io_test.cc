// Reads, writes and what else a namespace does.
#include <cstring>

#include "tests/fakes/stalled_disk.h"
#include "tests/unit/nvme/nvme_fixture.h"

namespace skiff {
namespace {

using namespace nvme;

class NvmeIo : public NvmeFixture {
 protected:
  void start(const NvmeOptions& options = {}, const DiskInfo& info = plain_info()) {
    create(options, info);
    enable();
    ASSERT_EQ(create_queue(1), ok);
  }
  std::string pattern(std::size_t size, char seed) {
    std::string out(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
      out[i] = static_cast<char>(seed + static_cast<char>(i * 7 + i / 512));
    return out;
  }
  std::string on_disk(std::size_t offset, std::size_t size) {
    return {reinterpret_cast<const char*>(memory_disk->bytes().data()) + offset, size};
  }
};

TEST_F(NvmeIo, WritesAndReads) {
  start();
  const std::string bytes = pattern(4096, 'a');
  put(kData, bytes);
  EXPECT_EQ(ask(1, transfer(kWrite, 16, 8)), ok);
  EXPECT_EQ(on_disk(16 * 512, 4096), bytes);
  EXPECT_EQ(ask(1, transfer(kRead, 16, 8, kData + 0x8000)), ok);
  EXPECT_EQ(text(kData + 0x8000, 4096), bytes);
  EXPECT_EQ(ask(1, {.opcode = kFlush, .nsid = 1}), ok);
  EXPECT_EQ(ask(1, {.opcode = kFlush, .nsid = kAllNamespaces}), ok);
}

TEST_F(NvmeIo, BothPrpsAndListsOfAnyLength) {
  start();
  for (const std::uint32_t blocks : {1U, 9U, 16U, 17U, 1024U, 2048U}) {
    for (const std::uint64_t first : {0ULL, 512ULL, 4ULL, 4092ULL}) {
      const std::uint64_t size = blocks * 512ULL;
      const std::string bytes = pattern(size, static_cast<char>(blocks + first));
      std::memcpy(memory_disk->bytes().data(), bytes.data(), size);
      // Pages in falling order, so that none joins the one before; the list ends a page, with a
      // pointer to the next as its last entry.
      std::uint64_t page = 0x3f'0000;
      const std::uint64_t head = std::min<std::uint64_t>(size, 4096 - first);
      std::vector<std::uint64_t> pages;
      for (std::uint64_t left = size - head; left != 0; left -= std::min<std::uint64_t>(left, 4096))
        pages.push_back(page -= 0x1000);
      std::uint64_t prp2 = pages.empty() ? 0 : pages[0];
      if (pages.size() > 1) {
        prp2 = 0x8'0000 + 0xff0;  // two places, then a page
        const bool chains = pages.size() > 2;
        for (std::size_t i = 0; i < pages.size(); ++i) {
          const std::uint64_t at = !chains || i < 1 ? prp2 + 8 * i : 0x9'0000 + 8 * (i - 1);
          memory.store(GuestAddress(at), pages[i]);
        }
        if (chains) memory.store(GuestAddress(prp2 + 8), std::uint64_t{0x9'0000});
      }
      ASSERT_EQ(ask(1, transfer(kRead, 0, blocks, 0x3f'1000 + first, prp2)), ok) << blocks;
      std::string got = text(0x3f'1000 + first, head);
      for (std::uint64_t left = size - head; const std::uint64_t each : pages) {
        got += text(each, std::min<std::uint64_t>(left, 4096));
        left -= std::min<std::uint64_t>(left, 4096);
      }
      ASSERT_TRUE(got == bytes) << blocks << " blocks from " << first;
    }
  }
}

TEST_F(NvmeIo, ZeroesAndDeallocates) {
  start();
  put(kData, pattern(4096, 'z'));
  ASSERT_EQ(ask(1, transfer(kWrite, 0, 8)), ok);
  ASSERT_EQ(ask(1, transfer(kWrite, 8, 8)), ok);
  EXPECT_EQ(ask(1, transfer(kWriteZeroes, 2, 2)), ok);
  EXPECT_EQ(on_disk(1024, 1024), std::string(1024, '\0'));
  EXPECT_NE(on_disk(2048, 512), std::string(512, '\0'));
  const std::array<DsmRange, 3> ranges{{{0, 4, 8}, {0, 0, 5}, {0, 1, 14}}};
  memory.write(GuestAddress(kData), std::as_bytes(std::span(ranges)));
  Command dsm{.opcode = kDatasetManagement, .nsid = 1, .prp1 = kData, .dw10 = 2};
  EXPECT_EQ(ask(1, dsm), ok);  // hints alone
  EXPECT_NE(on_disk(4096, 512), std::string(512, '\0'));
  dsm.dw11 = kDsmDeallocate;
  EXPECT_EQ(ask(1, dsm), ok);
  EXPECT_EQ(on_disk(4096, 2048), std::string(2048, '\0'));
  EXPECT_NE(on_disk(4096 + 2048, 512), std::string(512, '\0'));
  EXPECT_EQ(on_disk(14 * 512, 512), std::string(512, '\0'));
  EXPECT_NE(on_disk(15 * 512, 512), std::string(512, '\0'));
  // A range that is not there spoils all of them.
  memory.store(GuestAddress(kData + 16), DsmRange{0, 1, kDiskSize / 512});
  put(kData + 0x1000, pattern(512, 'q'));
  ASSERT_EQ(ask(1, transfer(kWrite, 8, 1, kData + 0x1000)), ok);
  EXPECT_EQ(ask(1, dsm), code(Status::lba_out_of_range));
  EXPECT_NE(on_disk(4096, 512), std::string(512, '\0'));
}

TEST_F(NvmeIo, AReadOnlyDiskRefusesToBeWritten) {
  DiskInfo info = plain_info();
  info.read_only = true;
  info.can_discard = info.can_write_zeroes = false;
  start({}, info);
  EXPECT_EQ(ask(1, transfer(kWrite, 0, 1)), code(Status::write_protected));
  EXPECT_EQ(ask(1, transfer(kWriteZeroes, 0, 1)), code(Status::write_protected));
  EXPECT_EQ(
      ask(1, {.opcode = kDatasetManagement, .nsid = 1, .prp1 = kData, .dw11 = kDsmDeallocate}),
      code(Status::write_protected));
  EXPECT_EQ(ask(1, transfer(kRead, 0, 1)), ok);
  ASSERT_EQ(admin({.opcode = kIdentify, .nsid = 1, .prp1 = kData, .dw10 = 0}), ok);
  EXPECT_EQ(data<std::uint8_t>(99), 1);
}

TEST_F(NvmeIo, WritesReachStableStorageWhereTheDriverWantsThat) {
  auto stalled = std::make_unique<StalledDisk>(kDiskSize);
  StalledDisk& disk = *stalled;
  create(std::move(stalled));
  enable();
  ASSERT_EQ(create_queue(1), ok);
  const auto forced = [&](Command command) {
    offer(1, command);
    ring_tail(1);
    clock.run();
    const bool forces = disk.requests.front()->force_unit_access;
    disk.complete();
    disk.wake();
    EXPECT_TRUE(wait(1));
    return forces;
  };
  Command command = transfer(kWrite, 0, 1);
  EXPECT_FALSE(forced(command));
  command.dw12 |= kForceUnitAccess;
  EXPECT_TRUE(forced(command));
  command.dw12 &= ~kForceUnitAccess;
  ASSERT_EQ(admin({.opcode = kSetFeatures, .dw10 = kFeatureWriteCache, .dw11 = 0}), ok);
  EXPECT_TRUE(forced(command));
}

TEST_F(NvmeIo, ErrorsOfTheDiskHaveTheirStatus) {
  auto stalled = std::make_unique<StalledDisk>(kDiskSize);
  StalledDisk& disk = *stalled;
  create(std::move(stalled));
  enable();
  ASSERT_EQ(create_queue(1), ok);
  const auto failed = [&](std::uint8_t opcode, int error) {
    offer(1, transfer(opcode, 0, 1));
    ring_tail(1);
    clock.run();
    disk.complete(error);
    disk.wake();
    const auto entry = wait(1);
    return entry ? entry->status >> 1 : -1;
  };
  EXPECT_EQ(failed(kRead, EIO), code(Status::unrecovered_read));
  EXPECT_EQ(failed(kWrite, EIO), code(Status::write_fault));
  EXPECT_EQ(failed(kWrite, ENOSPC), code(Status::capacity_exceeded));
  EXPECT_EQ(failed(kRead, ENOMEM), code(Status::internal_error));
}

TEST_F(NvmeIo, OneInterruptForWhatIsFoundAtOnce) {
  create();
  use_msix(2);
  enable();
  ASSERT_EQ(create_queue(1, kEntries, 1), ok);
  for (std::uint32_t i = 0; i < 10; ++i)
    offer(1, transfer(kRead, i, 1, kData + 512 * i));
  ring_tail(1);
  clock.run();
  int done = 0;
  while (take(1))
    ++done;
  EXPECT_EQ(done, 10);
  EXPECT_EQ(interrupts_of(1), 1U);
  const DeviceStats stats = nvme->stats();
  EXPECT_EQ(stats.kind, "nvme");
  ASSERT_EQ(stats.queues.size(), 2U);
  EXPECT_EQ(stats.queues[1].requests, 10U);
  EXPECT_EQ(stats.queues[1].notifications, 1U);
  EXPECT_EQ(stats.queues[1].interrupts, 1U);
}

TEST_F(NvmeIo, TheWireIsHighWhileCompletionsWait) {
  create();
  enable();
  ASSERT_EQ(create_queue(1), ok);
  EXPECT_FALSE(wire.level);
  offer(1, transfer(kRead, 0, 1));
  offer(1, transfer(kRead, 1, 1));
  ring_tail(1);
  clock.run();
  EXPECT_TRUE(wire.level);
  write(kIntms, 1);
  EXPECT_FALSE(wire.level);
  write(kIntmc, 1);
  EXPECT_TRUE(wire.level);
  ASSERT_TRUE(take(1));
  EXPECT_TRUE(wire.level);
  ASSERT_TRUE(take(1));
  EXPECT_FALSE(wire.level);
}

// Neither ring is larger than what is asked of it: commands wait for places.
TEST_F(NvmeIo, AFullCompletionQueueHoldsCommandsBack) {
  create({.queues = 2});
  enable();
  ASSERT_EQ(create_queue(1, 4), ok);
  int done = 0;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 3; ++i)
      offer(1, transfer(kRead, 0, 1));
    ring_tail(1);
    clock.run();
    EXPECT_EQ(take(1, false).has_value(), round == 0);
    if (round != 0) break;
    while (take(1, false))
      ++done;
    EXPECT_EQ(done, 2);
  }
  // Three more wait; each place lets one go.
  ring(1, true, 1);
  clock.run();
  EXPECT_TRUE(take(1, false));
  EXPECT_FALSE(take(1, false));
  ring(1, true, rings[1].head);
  clock.run();
  EXPECT_TRUE(take(1, false));
  EXPECT_TRUE(take(1, false));
  EXPECT_FALSE(take(1, false));
}

TEST_F(NvmeIo, MoreCommandsThanTheDiskTakesAtOnce) {
  create({.queues = 1});
  enable();
  rings[1] = {};
  constexpr std::uint32_t kMany = 1024;
  const std::uint64_t sq = 0x20'0000;
  const std::uint64_t cq = 0x22'0000;
  ASSERT_EQ(admin({.opcode = kCreateCq, .prp1 = cq, .dw10 = (kMany - 1) << 16 | 1, .dw11 = 1}), ok);
  ASSERT_EQ(
      admin({.opcode = kCreateSq, .prp1 = sq, .dw10 = (kMany - 1) << 16 | 1, .dw11 = 1U << 16 | 1}),
      ok);
  rings[1] = {.sq = sq, .cq = cq, .entries = kMany};
  for (std::uint32_t i = 0; i < kMany - 1; ++i)
    offer(1, transfer(kRead, i, 1));
  ring_tail(1);
  clock.run();
  std::uint32_t done = 0;
  while (take(1))
    ++done;
  EXPECT_EQ(done, kMany - 1);
}

TEST_F(NvmeIo, LimitsHoldCommandsBackAndAdminCommandsPass) {
  start({.operations = {.per_second = 1, .burst = 1}});
  offer(1, transfer(kRead, 0, 1));
  offer(1, transfer(kRead, 1, 1));
  ring_tail(1);
  EXPECT_TRUE(wait(1));
  EXPECT_FALSE(wait(1));
  EXPECT_EQ(admin({.opcode = kGetFeatures, .dw10 = kFeatureQueues}), ok);
  clock.advance(std::chrono::seconds(1));
  EXPECT_TRUE(wait(1));
  offer(1, transfer(kRead, 2, 1));
  ring_tail(1);
  EXPECT_FALSE(wait(1));
  nvme->set_limits({}, {});
  EXPECT_TRUE(wait(1));
}

// --- Doorbell buffers

class NvmeShadows : public NvmeIo {
 protected:
  static constexpr std::uint64_t kValues = 0x8000;
  static constexpr std::uint64_t kEvents = 0x9000;

  int set_up() { return admin({.opcode = kDoorbellBuffer, .prp1 = kValues, .prp2 = kEvents}); }
  // As a driver: the value to memory, and the register only if the controller wants that.
  bool move(std::size_t index, std::uint32_t value) {
    const auto at = [index](std::uint64_t base) { return GuestAddress(base + 4 * index); };
    const auto before = *memory.load<std::uint32_t>(at(kValues));
    memory.store(at(kValues), value);
    const auto event = *memory.load<std::uint32_t>(at(kEvents));
    const bool rings_it =
        static_cast<std::uint16_t>(value - event - 1) < static_cast<std::uint16_t>(value - before);
    if (rings_it) ring(index / 2, index % 2 != 0, value);
    return rings_it;
  }
};

TEST_F(NvmeShadows, TheValueComesFromMemory) {
  create();
  use_msix(2);
  enable();
  ASSERT_EQ(set_up(), ok);
  ASSERT_EQ(create_queue(1, kEntries, 1), ok);
  EXPECT_EQ(doorbells.count(), 1U);
  for (int i = 0; i < 100; ++i) {
    offer(1, transfer(kRead, 0, 1));
    EXPECT_TRUE(move(2, rings[1].tail));  // it sleeps
    clock.run();
    ASSERT_TRUE(take(1, false)) << i;
    move(3, rings[1].head);
  }
  // A second one before it has looked need not ring.
  offer(1, transfer(kRead, 0, 1));
  EXPECT_TRUE(move(2, rings[1].tail));
  offer(1, transfer(kRead, 0, 1));
  EXPECT_FALSE(move(2, rings[1].tail));
  clock.run();
  EXPECT_TRUE(take(1, false));
  EXPECT_TRUE(take(1, false));
  ASSERT_EQ(admin({.opcode = kDeleteSq, .dw10 = 1}), ok);
  EXPECT_EQ(doorbells.count(), 0U);
}

TEST_F(NvmeShadows, QueuesThatAreThereGetThemToo) {
  create();
  use_msix(2);
  enable();
  ASSERT_EQ(create_queue(1, kEntries, 1), ok);
  ASSERT_EQ(ask(1, transfer(kRead, 0, 1)), ok);
  ASSERT_EQ(set_up(), ok);
  EXPECT_EQ(memory.load<std::uint32_t>(GuestAddress(kValues + 8)), 1U);
  offer(1, transfer(kRead, 0, 1));
  EXPECT_TRUE(move(2, rings[1].tail));
  clock.run();
  EXPECT_TRUE(take(1, false));
  disable();
  EXPECT_EQ(doorbells.count(), 0U);
}

TEST_F(NvmeShadows, AFullCompletionQueueIsHeardOf) {
  create();
  use_msix(2);
  enable();
  ASSERT_EQ(set_up(), ok);
  ASSERT_EQ(create_queue(1, 4, 1), ok);
  for (int i = 0; i < 3; ++i)
    offer(1, transfer(kRead, 0, 1));
  move(2, rings[1].tail);
  clock.run();
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(take(1, false));
  for (int i = 0; i < 3; ++i)
    offer(1, transfer(kRead, 0, 1));
  move(2, rings[1].tail);
  clock.run();
  EXPECT_FALSE(take(1, false));
  EXPECT_TRUE(move(3, rings[1].head));
  clock.run();
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(take(1, false));
}

TEST_F(NvmeShadows, NotWithAWire) {
  create();
  enable();
  EXPECT_EQ(set_up(), code(Status::invalid_field));
}

}  // namespace
}  // namespace skiff
