#include "tests/unit/disk/disk_fixture.h"
#include "tests/unit/virtio/block/block_fixture.h"

namespace skiff {
namespace {

using namespace virtio_blk;

class BlockRequests : public BlockFixture {};

TEST_F(BlockRequests, ConfigurationSpaceSaysWhatTheDiskIs) {
  DiskInfo info = plain_info();
  info.block_size = 1024;
  info.physical_block_size = 4096;
  info.optimal_io_size = 65536;
  info.discard_alignment = 8192;
  create({.queues = 3, .queue_size = 64}, info);
  EXPECT_EQ(block->device_id(), 2U);
  EXPECT_EQ(block->queue_sizes().size(), 3U);
  EXPECT_EQ(block->queue_sizes()[2], 64U);
  EXPECT_EQ(config<std::uint64_t>(0), kDiskSize / 512);
  EXPECT_EQ(config<std::uint32_t>(8), 0U);      // size_max
  EXPECT_EQ(config<std::uint32_t>(12), 62U);    // seg_max
  EXPECT_EQ(config<std::uint32_t>(20), 1024U);  // blk_size
  EXPECT_EQ(config<std::uint8_t>(24), 2U);      // physical_block_exp
  EXPECT_EQ(config<std::uint16_t>(26), 4U);     // min_io_size
  EXPECT_EQ(config<std::uint32_t>(28), 64U);    // opt_io_size
  EXPECT_EQ(config<std::uint16_t>(34), 3U);     // num_queues
  EXPECT_EQ(config<std::uint32_t>(36), kMaxDiscardSectors);
  EXPECT_EQ(config<std::uint32_t>(40), kMaxDiscardSegments);
  EXPECT_EQ(config<std::uint32_t>(44), 16U);  // discard_sector_alignment
  EXPECT_EQ(config<std::uint32_t>(48), kMaxWriteZeroesSectors);
  EXPECT_EQ(config<std::uint32_t>(52), kMaxWriteZeroesSegments);
  EXPECT_EQ(config<std::uint8_t>(56), 1U);  // write_zeroes_may_unmap
  // Across and past the end.
  EXPECT_EQ(config<std::uint64_t>(68), 0U);
  EXPECT_EQ(config<std::uint64_t>(72), 0U);
  EXPECT_EQ(config<std::uint64_t>(~0ULL - 3), 0U);
  EXPECT_EQ(config<std::uint16_t>(1), static_cast<std::uint16_t>(kDiskSize / 512 >> 8));
}

TEST_F(BlockRequests, FeaturesFollowTheDisk) {
  create();
  const std::uint64_t all = kFeatureSegMax | kFeatureBlockSize | kFeatureTopology | kFeatureFlush;
  EXPECT_EQ(block->features(), all | kFeatureDiscard | kFeatureWriteZeroes);
  DiskInfo info = plain_info();
  info.read_only = true;
  info.can_discard = info.can_write_zeroes = false;
  create({.queues = 2}, info);
  EXPECT_EQ(block->features(), all | kFeatureReadOnly | kFeatureMultiQueue);
  EXPECT_EQ(config<std::uint32_t>(36), 0U);
}

TEST_F(BlockRequests, OddOptionsAreMadeFit) {
  create({.queues = 0, .queue_size = 100});
  EXPECT_EQ(block->queue_sizes().size(), 1U);
  EXPECT_EQ(block->queue_sizes()[0], 64U);
  create({.queues = 1, .queue_size = 0});
  EXPECT_EQ(block->queue_sizes()[0], 4U);
}

TEST_F(BlockRequests, WritesAndReads) {
  create();
  start();
  const std::string bytes = pattern(2048);
  EXPECT_EQ(write(3, bytes), kStatusOk);
  EXPECT_EQ(std::memcmp(memory_disk->bytes().data() + 1536, bytes.data(), bytes.size()), 0);
  const BlockAnswer answer = read(3, 2048);
  EXPECT_EQ(answer.status, kStatusOk);
  EXPECT_EQ(answer.data, bytes);
  EXPECT_EQ(answer.written, 2049U);
  EXPECT_STREQ(block->engine(), "memory");
}

TEST_F(BlockRequests, TheLastSectorAndNothingBehindIt) {
  create();
  start();
  const std::uint64_t sectors = kDiskSize / 512;
  EXPECT_EQ(write(sectors - 1, pattern(512)), kStatusOk);
  EXPECT_EQ(read(sectors - 1, 512).status, kStatusOk);
  EXPECT_EQ(read(sectors - 1, 1024).status, kStatusIoError);
  EXPECT_EQ(write(sectors, pattern(512)), kStatusIoError);
  EXPECT_EQ(read(~0ULL, 512).status, kStatusIoError);
  EXPECT_EQ(read(~0ULL / 512, 512).status, kStatusIoError);
  EXPECT_EQ(read((1ULL << 55) + 1, 512).status, kStatusIoError);  // * 512 wraps to 512
  EXPECT_EQ(read(sectors, 0).status, kStatusOk);                  // nothing, at the end
  EXPECT_EQ(read(sectors + 1, 0).status, kStatusIoError);
}

TEST_F(BlockRequests, HeaderDataAndStatusMayBeCutAnywhere) {
  create();
  start();
  const std::string bytes = pattern(1024);
  std::memcpy(memory_disk->bytes().data(), bytes.data(), bytes.size());
  const GuestAddress at = place();
  write_header(at, kTypeIn, 0);
  // 1 + 15 bytes of header; 1 + 1000 + 24 bytes, the last of them the status.
  driver->queue(0).offer({{at, 1},
                          {plus(at, 1), 15},
                          {plus(at, 0x100), 1, true},
                          {plus(at, 0x101), 1000, true},
                          {plus(at, 0x101 + 1000), 24, true}});
  driver->kick(0);
  ASSERT_TRUE(wait_used());
  std::string data(1025, '\0');
  driver->memory().read(plus(at, 0x100), std::as_writable_bytes(std::span(data)));
  EXPECT_EQ(data, bytes + '\0');
  // A write's data may lie in the header's buffer.
  const GuestAddress second = place();
  write_header(second, kTypeOut, 8);
  const std::string more = pattern(512, 5);
  driver->memory().write(plus(second, 16), std::as_bytes(std::span(more)));
  driver->queue(0).offer({{second, 16 + 512}, {plus(second, 0x800), 1, true}});
  driver->kick(0);
  ASSERT_TRUE(wait_used());
  EXPECT_EQ(driver->memory().load<std::uint8_t>(plus(second, 0x800)), kStatusOk);
  EXPECT_EQ(std::memcmp(memory_disk->bytes().data() + 4096, more.data(), 512), 0);
}

TEST_F(BlockRequests, GetIdFillsWhatItIsGiven) {
  create({.serial = "SKIFF-0123456789-ABCDEFGH"});  // more than 20 bytes
  start();
  BlockAnswer answer = ask(kTypeGetId, 0, "", 20);
  EXPECT_EQ(answer.status, kStatusOk);
  EXPECT_EQ(answer.data, "SKIFF-0123456789-ABC");
  answer = ask(kTypeGetId, 0, "", 5);
  EXPECT_EQ(answer.status, kStatusOk);
  EXPECT_EQ(answer.data, "SKIFF");
  answer = ask(kTypeGetId, 0, "", 30);
  EXPECT_EQ(answer.status, kStatusOk);
  EXPECT_EQ(answer.data.substr(0, 20), "SKIFF-0123456789-ABC");
  EXPECT_EQ(ask(kTypeGetId, 0, "", 0).status, kStatusOk);
  create({.serial = "abc"});
  start();
  EXPECT_EQ(ask(kTypeGetId, 0, "", 20).data, "abc" + std::string(17, '\0'));
}

TEST_F(BlockRequests, DiscardsAndZeroes) {
  create();
  start();
  const auto bytes = memory_disk->bytes();
  std::ranges::fill(bytes, std::byte{7});
  EXPECT_EQ(ask(kTypeDiscard, 0, segment(8, 16) + segment(100, 1) + segment(2047, 1)).status,
            kStatusOk);
  EXPECT_EQ(bytes[8 * 512 - 1], std::byte{7});
  EXPECT_EQ(bytes[8 * 512], std::byte{0});
  EXPECT_EQ(bytes[24 * 512 - 1], std::byte{0});
  EXPECT_EQ(bytes[24 * 512], std::byte{7});
  EXPECT_EQ(bytes[100 * 512], std::byte{0});
  EXPECT_EQ(bytes[kDiskSize - 1], std::byte{0});
  for (const std::uint32_t flags : {0U, kSegmentUnmap}) {
    EXPECT_EQ(ask(kTypeWriteZeroes, 0, segment(200 + flags, 1, flags)).status, kStatusOk);
    EXPECT_EQ(bytes[(200 + flags) * 512], std::byte{0});
    EXPECT_EQ(bytes[(201 + flags) * 512], std::byte{7});
  }
  EXPECT_EQ(ask(kTypeDiscard, 0, segment(0, 0)).status, kStatusOk);
  EXPECT_EQ(bytes[0], std::byte{7});
}

TEST_F(BlockRequests, FlushIsAnswered) {
  create();
  start();
  EXPECT_EQ(ask(kTypeFlush, 0, "").status, kStatusOk);
}

TEST_F(BlockRequests, AReadOnlyDiskStaysAsItIs) {
  DiskInfo info = plain_info();
  info.read_only = true;
  create({}, info);
  start(kFeatureDiscard | kFeatureWriteZeroes);
  EXPECT_EQ(write(0, pattern(512)), kStatusIoError);
  EXPECT_EQ(ask(kTypeDiscard, 0, segment(0, 8)).status, kStatusIoError);
  EXPECT_EQ(ask(kTypeWriteZeroes, 0, segment(0, 8)).status, kStatusIoError);
  EXPECT_EQ(read(0, 512).status, kStatusOk);
  EXPECT_EQ(memory_disk->bytes()[0], std::byte{0});
}

TEST_F(BlockRequests, WhatWasNotNegotiatedIsUnsupported) {
  create();
  start(0);
  EXPECT_EQ(ask(kTypeDiscard, 0, segment(0, 8)).status, kStatusUnsupported);
  EXPECT_EQ(ask(kTypeWriteZeroes, 0, segment(0, 8)).status, kStatusUnsupported);
}

TEST_F(BlockRequests, WholeBlocksOnly) {
  DiskInfo info = plain_info();
  info.block_size = 2048;
  create({}, info);
  start();
  EXPECT_EQ(read(4, 2048).status, kStatusOk);
  EXPECT_EQ(read(2, 2048).status, kStatusIoError);
  EXPECT_EQ(read(4, 512).status, kStatusIoError);
  EXPECT_EQ(ask(kTypeDiscard, 0, segment(1, 4)).status, kStatusIoError);
  EXPECT_EQ(ask(kTypeDiscard, 0, segment(4, 3)).status, kStatusIoError);
}

TEST_F(BlockRequests, ABatchHasOneInterrupt) {
  create();
  start();
  const auto before = driver->interrupts.of_queue(0);
  for (unsigned i = 0; i < 5; ++i)
    offer(kTypeOut, i, pattern(512, i));
  driver->kick(0);
  clock.run();
  int back = 0;
  while (driver->queue(0).used())
    ++back;
  EXPECT_EQ(back, 5);
  EXPECT_EQ(driver->interrupts.of_queue(0), before + 1);
}

TEST_F(BlockRequests, EveryQueueIsServed) {
  create({.queues = 4});
  start();
  for (std::size_t queue = 0; queue < 4; ++queue) {
    const std::string bytes = pattern(512, static_cast<unsigned>(queue));
    EXPECT_EQ(ask(kTypeOut, queue, bytes, 0, queue).status, kStatusOk);
    EXPECT_EQ(ask(kTypeIn, queue, "", 512, 3 - queue).data, bytes);
  }
  // All at once, and only some of them.
  for (std::size_t queue = 0; queue < 4; ++queue) {
    offer(kTypeIn, queue, "", 512, queue);
    driver->kick(queue);
  }
  clock.run();
  for (std::size_t queue = 0; queue < 4; ++queue)
    EXPECT_TRUE(driver->queue(queue).used().has_value());
  EXPECT_TRUE(reset());
  driver->lay_rings();
  driver->activate(block->features(), 2);
  clock.run();
  EXPECT_EQ(ask(kTypeIn, 1, "", 512, 1).data, pattern(512, 1));
}

TEST_F(BlockRequests, EveryKindOfRing) {
  for (const bool packed : {false, true}) {
    for (const bool event_idx : {false, true}) {
      create({}, plain_info(), {.packed = packed, .indirect = true, .event_idx = event_idx});
      start();
      for (unsigned i = 0; i < 50; ++i) {
        ASSERT_EQ(write(i, pattern(512, i)), kStatusOk);
        ASSERT_EQ(read(i, 512).data, pattern(512, i));
      }
    }
  }
}

TEST_F(BlockRequests, WhatWasAvailableBeforeTheStartIsServed) {
  create();
  offer(kTypeOut, 0, pattern(512));
  start();
  EXPECT_TRUE(driver->queue(0).used().has_value());
}

}  // namespace
}  // namespace skiff
