// What no good driver does: each has its answer, and the controller works behind it.
#include <limits>

#include "tests/unit/nvme/nvme_fixture.h"

namespace skiff {
namespace {

using namespace nvme;

class NvmeMalformed : public NvmeFixture {
 protected:
  void SetUp() override {
    create({.queues = 2});
    enable();
    ASSERT_EQ(create_queue(1), ok);
  }
  void still_works() {
    EXPECT_EQ(ask(1, transfer(kRead, 0, 8)), ok);
    EXPECT_EQ(csts(), kCstsReady);
  }
};

TEST_F(NvmeMalformed, Commands) {
  constexpr std::uint64_t kBlocks = kDiskSize / 512;
  constexpr std::uint64_t kNowhere = 0x7fff'ffff'f000;
  struct Row {
    const char* what;
    Command command;
    Status status;
  };
  const auto with = [](Command command, auto change) {
    change(command);
    return command;
  };
  const Command read = transfer(kRead, 0, 1);
  const Command many = transfer(kRead, 0, 32);  // 16 KiB
  // A list in the page of kData.
  const auto list = [&](std::uint64_t entry) {
    for (std::uint64_t i = 0; i < 512; ++i)
      memory.store(GuestAddress(0x8'0000 + 8 * i), std::uint64_t{kData + 0x1000 * (i % 16)});
    memory.store(GuestAddress(0x8'0008), entry);
    return with(many, [](Command& c) { c.prp2 = 0x8'0000; });
  };
  const Row rows[] = {
      {"opcode", with(read, [](Command& c) { c.opcode = 0x7f; }), Status::invalid_opcode},
      {"fused", with(read, [](Command& c) { c.flags = 1; }), Status::invalid_field},
      {"SGL", with(read, [](Command& c) { c.flags = 0x40; }), Status::invalid_field},
      {"namespace 0", with(read, [](Command& c) { c.nsid = 0; }), Status::invalid_namespace},
      {"namespace 2", with(read, [](Command& c) { c.nsid = 2; }), Status::invalid_namespace},
      {"all namespaces", with(read, [](Command& c) { c.nsid = kAllNamespaces; }),
       Status::invalid_namespace},
      {"behind the end", transfer(kRead, kBlocks, 1), Status::lba_out_of_range},
      {"over the end", transfer(kRead, kBlocks - 1, 2), Status::lba_out_of_range},
      {"far behind", transfer(kWrite, ~0ULL, 1), Status::lba_out_of_range},
      {"wraps", transfer(kWriteZeroes, ~0ULL - 1, 65536), Status::lba_out_of_range},
      {"offset wraps", transfer(kRead, 1ULL << 55, 1), Status::lba_out_of_range},
      {"no PRP", transfer(kRead, 0, 1, kNowhere), Status::data_transfer_error},
      {"PRP at the end", transfer(kRead, 0, 1, kRam), Status::data_transfer_error},
      {"PRP over the end", transfer(kRead, 0, 1, kRam - 256, kRam), Status::data_transfer_error},
      {"PRP wraps", transfer(kRead, 0, 1, ~0ULL - 255), Status::data_transfer_error},
      {"odd PRP", transfer(kRead, 0, 1, kData + 2), Status::invalid_prp_offset},
      {"PRP2 not there", transfer(kRead, 0, 16, kData, kNowhere), Status::data_transfer_error},
      {"PRP2 in a page", transfer(kRead, 0, 16, kData, kData + 8), Status::invalid_prp_offset},
      {"list not there", transfer(kRead, 0, 32, kData, kNowhere), Status::data_transfer_error},
      {"list at the end", transfer(kRead, 0, 2048, kData, kRam), Status::data_transfer_error},
      {"odd list", transfer(kRead, 0, 32, kData, kData + 4), Status::invalid_prp_offset},
      {"entry not there", list(kNowhere), Status::data_transfer_error},
      {"entry in a page", list(kData + 16), Status::invalid_prp_offset},
      {"a DSM list nowhere",
       {.opcode = kDatasetManagement, .nsid = 1, .prp1 = kNowhere, .dw10 = 255, .dw11 = 4},
       Status::data_transfer_error},
  };
  for (const Row& row : rows) {
    // Lists are one place in memory: each is made again before it is used.
    if (std::string(row.what) == "entry not there") list(kNowhere);
    if (std::string(row.what) == "entry in a page") list(kData + 16);
    EXPECT_EQ(ask(1, row.command), code(row.status)) << row.what;
  }
  still_works();
}

TEST_F(NvmeMalformed, TooMuchAtOnce) {
  // MDTS is 1 MiB; the disk is that large too, so blocks of it alone cannot exceed it.
  DiskInfo info = plain_info();
  info.block_size = 4096;
  nvme.reset();
  bar = 0;
  create(std::make_unique<NullDisk>(1ULL << 30, info));
  enable();
  ASSERT_EQ(create_queue(1), ok);
  EXPECT_EQ(ask(1, transfer(kRead, 0, 257)), code(Status::invalid_field));
  EXPECT_EQ(ask(1, transfer(kRead, 0, 65536)), code(Status::invalid_field));
}

// A list whose last entry points at itself: only as many entries are read as there are pages.
TEST_F(NvmeMalformed, AListThatLeadsBackToItself) {
  constexpr std::uint64_t kList = 0x8'0000;
  for (std::uint64_t i = 0; i < 512; ++i)
    memory.store(GuestAddress(kList + 8 * i), std::uint64_t{kData});
  memory.store(GuestAddress(kList + 0xff8), kList);
  EXPECT_EQ(ask(1, transfer(kRead, 0, 2048, kData, kList + 0xff8)), ok);
  still_works();
}

TEST_F(NvmeMalformed, Queues) {
  const auto cq = [this](std::uint64_t at, std::uint32_t id, std::uint32_t entries,
                         std::uint32_t dw11 = 3) {
    return admin({.opcode = kCreateCq, .prp1 = at, .dw10 = (entries - 1) << 16 | id, .dw11 = dw11});
  };
  EXPECT_EQ(cq(kData, 0, 16), code(Status::invalid_queue_id));
  EXPECT_EQ(cq(kData, 1, 16), code(Status::invalid_queue_id));
  EXPECT_EQ(cq(kData, 3, 16), code(Status::invalid_queue_id));
  EXPECT_EQ(cq(kData, 0xffff, 16), code(Status::invalid_queue_id));
  EXPECT_EQ(cq(kData, 2, 1), code(Status::invalid_queue_size));
  EXPECT_EQ(cq(kData, 2, kMaxQueueEntries + 1), code(Status::invalid_queue_size));
  EXPECT_EQ(cq(kData, 2, 65536), code(Status::invalid_queue_size));
  EXPECT_EQ(cq(kData, 2, 16, 2), code(Status::invalid_field));
  EXPECT_EQ(cq(kData, 2, 16, 3 | 3U << 16), code(Status::invalid_vector));
  EXPECT_EQ(cq(kData + 64, 2, 16), code(Status::invalid_prp_offset));
  EXPECT_EQ(cq(kRam - 0x1000, 2, 1024), code(Status::invalid_field));
  EXPECT_EQ(cq(~0xfffULL, 2, 1024), code(Status::invalid_field));
  const auto sq = [this](std::uint64_t at, std::uint32_t id, std::uint32_t entries,
                         std::uint32_t completions, std::uint32_t flags = 1) {
    return admin({.opcode = kCreateSq,
                  .prp1 = at,
                  .dw10 = (entries - 1) << 16 | id,
                  .dw11 = completions << 16 | flags});
  };
  EXPECT_EQ(sq(kData, 2, 16, 0), code(Status::completion_queue_invalid));
  EXPECT_EQ(sq(kData, 2, 16, 2), code(Status::completion_queue_invalid));
  EXPECT_EQ(sq(kData, 2, 16, 0xffff), code(Status::completion_queue_invalid));
  EXPECT_EQ(sq(kData, 2, 1, 1), code(Status::invalid_queue_size));
  EXPECT_EQ(sq(kData, 2, 2048, 1), code(Status::invalid_queue_size));
  EXPECT_EQ(sq(kRam - 0x1000, 2, 1024, 1), code(Status::invalid_field));
  EXPECT_EQ(sq(kData, 2, 16, 1, 0), code(Status::invalid_field));
  EXPECT_EQ(admin({.opcode = kDeleteSq, .dw10 = 0}), code(Status::invalid_queue_id));
  EXPECT_EQ(admin({.opcode = kDeleteCq, .dw10 = 0}), code(Status::invalid_queue_id));
  EXPECT_EQ(admin({.opcode = kDeleteCq, .dw10 = 0xffff}), code(Status::invalid_queue_id));
  still_works();
}

TEST_F(NvmeMalformed, DoorbellValues) {
  offer(0, {.opcode = kAsyncEvent});
  ring_tail(0);
  EXPECT_FALSE(wait(0));
  for (const std::uint32_t value : {kEntries, 0xffffU, 0xffff'ffffU}) {
    ring(1, false, value);
    clock.run();
    ring(1, true, value);
    clock.run();
  }
  ring(1, true, 3);  // beyond what was posted
  clock.run();
  EXPECT_FALSE(take(1));
  const auto entry = wait(0);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->result, 0x1'0100U);  // error, invalid doorbell value, log page 1
  EXPECT_GE(nvme->stats().guest_faults, 2U);
  ring(1, true, 0);
  still_works();
  for (std::uint64_t offset = 0; offset < 0x2000; offset += 4)
    if (offset != kCc) write(offset, 0xffff'ffff);
  clock.run();
}

// The head goes back: it does not, and nothing is overwritten.
TEST_F(NvmeMalformed, AHeadThatGoesBack) {
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(ask(1, transfer(kRead, 0, 1)), ok);
  const std::uint64_t faults = nvme->stats().guest_faults;
  ring(1, true, 2);
  offer(1, transfer(kRead, 0, 1));
  ring_tail(1);
  clock.run();
  EXPECT_EQ(nvme->stats().guest_faults, faults + 1);
  EXPECT_TRUE(take(1));
  for (int i = 0; i < 40; ++i)
    EXPECT_EQ(ask(1, transfer(kRead, 0, 1)), ok);
}

TEST_F(NvmeMalformed, WhatCannotBeEnabled) {
  disable();
  struct Row {
    const char* what;
    std::uint32_t aqa;
    std::uint64_t asq, acq;
    std::uint32_t cc;
  };
  const Row rows[] = {
      {"an admin queue of one", 15U << 16, kAdminSq, kAdminCq, 1},
      {"completions of one", 15, kAdminSq, kAdminCq, 1},
      {"queues in a page", 15U << 16 | 15, kAdminSq + 64, kAdminCq, 1},
      {"queues nowhere", 15U << 16 | 15, ~0xfffULL, kAdminCq, 1},
      {"completions over the end", 0xfffU << 16 | 15, kAdminSq, kRam - 0x1000, 1},
      {"pages of 8 KiB", 15U << 16 | 15, kAdminSq, kAdminCq, 1 | 1 << 7},
      {"another command set", 15U << 16 | 15, kAdminSq, kAdminCq, 1 | 6 << 4},
      {"arbitration", 15U << 16 | 15, kAdminSq, kAdminCq, 1 | 1 << 11},
      {"entries of 128 bytes", 15U << 16 | 15, kAdminSq, kAdminCq, 1 | 7 << 16},
  };
  for (const Row& row : rows) {
    write(kAqa, row.aqa);
    write(kAsq, row.asq, 8);
    write(kAcq, row.acq, 8);
    write(kCc, row.cc);
    clock.run();
    EXPECT_EQ(csts(), kCstsFatal) << row.what;
    disable();
    EXPECT_EQ(csts(), 0U) << row.what;
  }
  enable();
  ASSERT_EQ(create_queue(1), ok);
  still_works();
}

TEST_F(NvmeMalformed, DoorbellBuffers) {
  use_msix(3);
  const auto set = [this](std::uint64_t values, std::uint64_t events) {
    return admin({.opcode = kDoorbellBuffer, .prp1 = values, .prp2 = events});
  };
  EXPECT_EQ(set(0x8004, 0x9000), code(Status::invalid_field));
  EXPECT_EQ(set(0x8000, kRam), code(Status::invalid_field));
  EXPECT_EQ(set(~0xfffULL, 0x9000), code(Status::invalid_field));
  ASSERT_EQ(set(0x8000, 0x9000), ok);
  for (const std::uint32_t value : {kEntries, 0xffff'ffffU}) {
    memory.store(GuestAddress(0x8008), value);
    memory.store(GuestAddress(0x800c), value);
    ring(1, false, value);
    clock.run();
  }
  EXPECT_FALSE(take(1, false));
  EXPECT_EQ(admin({.opcode = kGetFeatures, .dw10 = kFeatureQueues}), ok);
}

}  // namespace
}  // namespace skiff
