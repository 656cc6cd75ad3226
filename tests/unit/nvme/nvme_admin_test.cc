// Registers and admin commands.
#include "tests/unit/nvme/nvme_fixture.h"

namespace skiff {
namespace {

using namespace nvme;

class NvmeAdmin : public NvmeFixture {};

TEST_F(NvmeAdmin, RegistersSayWhatTheSpecificationWants) {
  create();
  EXPECT_EQ(nvme->config_read(8, 4) >> 8, 0x01'08'02U);
  const std::uint64_t cap = read(kCap, 8);
  EXPECT_EQ(cap & 0xffff, kMaxQueueEntries - 1);
  EXPECT_EQ(cap >> 16 & 1, 1U);     // CQR
  EXPECT_EQ(cap >> 32 & 0xf, 0U);   // DSTRD
  EXPECT_EQ(cap >> 37 & 1, 1U);     // NVM command set
  EXPECT_EQ(cap >> 48 & 0xff, 0U);  // MPSMIN, MPSMAX
  EXPECT_EQ(read(kCap + 4), cap >> 32);
  EXPECT_EQ(read(kVs), 0x10400U);
  EXPECT_EQ(csts(), 0U);
  write(kAsq, 0x1'2345'6000, 8);
  EXPECT_EQ(read(kAsq, 8), 0x1'2345'6000U);
  EXPECT_EQ(read(kAsq + 4), 1U);
  write(kAqa, ~0U);
  EXPECT_EQ(read(kAqa), 0x0fff'0fffU);
  write(kIntms, 5);
  write(kIntmc, 1);
  EXPECT_EQ(read(kIntms), 4U);
  EXPECT_EQ(write(kCc, 0, 2), IoStatus::bad_width);
  EXPECT_EQ(write(kDoorbells + 2, 0, 4), IoStatus::misaligned);
  EXPECT_EQ(write(kDoorbells + 16, 0, 4), IoStatus::no_such_register);
}

TEST_F(NvmeAdmin, IdentifiesItself) {
  create({.serial = "number 1", .queues = 3});
  enable();
  ASSERT_EQ(csts(), kCstsReady);
  const Command identify{.opcode = kIdentify, .prp1 = kData, .dw10 = 1};
  ASSERT_EQ(admin(identify), ok);
  EXPECT_EQ(text(kData + 4, 20), "number 1            ");
  EXPECT_EQ(data<std::uint8_t>(77), kMdts);
  EXPECT_EQ(data<std::uint32_t>(80), 0x10400U);
  EXPECT_EQ(data<std::uint8_t>(512), 0x66);
  EXPECT_EQ(data<std::uint8_t>(513), 0x44);
  EXPECT_EQ(data<std::uint32_t>(516), 1U);
  EXPECT_EQ(data<std::uint16_t>(520), 0x0c);
  EXPECT_EQ(text(kData + 768, 32), "nqn.2014-08.org.nvmexpress:uuid:");
  const std::string uuid = text(kData + 800, 36);

  ASSERT_EQ(admin({.opcode = kIdentify, .nsid = 1, .prp1 = kData, .dw10 = 0}), ok);
  EXPECT_EQ(data<std::uint64_t>(0), kDiskSize / 512);
  EXPECT_EQ(data<std::uint32_t>(128), 9U << 16);
  EXPECT_EQ(data<std::uint8_t>(99), 0);

  ASSERT_EQ(admin({.opcode = kIdentify, .nsid = 0, .prp1 = kData, .dw10 = 2}), ok);
  EXPECT_EQ(data<std::uint64_t>(0), 1U);
  ASSERT_EQ(admin({.opcode = kIdentify, .nsid = 1, .prp1 = kData, .dw10 = 2}), ok);
  EXPECT_EQ(data<std::uint64_t>(0), 0U);

  ASSERT_EQ(admin({.opcode = kIdentify, .nsid = 1, .prp1 = kData, .dw10 = 3}), ok);
  EXPECT_EQ(data<std::uint32_t>(0), 0x1003U);
  EXPECT_EQ(data<std::uint8_t>(4), std::stoul(uuid.substr(0, 2), nullptr, 16));
  EXPECT_EQ(uuid[14], '8');  // version

  EXPECT_EQ(admin({.opcode = kIdentify, .nsid = 2, .prp1 = kData, .dw10 = 0}),
            code(Status::invalid_namespace));
  EXPECT_EQ(admin({.opcode = kIdentify, .prp1 = kData, .dw10 = 0x20}), code(Status::invalid_field));
}

TEST_F(NvmeAdmin, TwoDisksOfOneFileHaveTwoNames) {
  EXPECT_NE(nvme_uuid("a\n\ndisk0"), nvme_uuid("a\n\ndisk1"));
  EXPECT_EQ(nvme_uuid("a\n\ndisk0"), nvme_uuid("a\n\ndisk0"));
}

TEST_F(NvmeAdmin, Features) {
  create({.queues = 3});
  enable();
  const auto get = [this](std::uint32_t id, std::uint32_t dw11 = 0) {
    return admin({.opcode = kGetFeatures, .dw10 = id, .dw11 = dw11});
  };
  const auto set = [this](std::uint32_t id, std::uint32_t dw11) {
    return admin({.opcode = kSetFeatures, .dw10 = id, .dw11 = dw11});
  };
  EXPECT_EQ(set(kFeatureQueues, 7 << 16 | 7), ok);
  EXPECT_EQ(result, 2U << 16 | 2);
  EXPECT_EQ(set(kFeatureQueues, 0xffff), code(Status::invalid_field));
  EXPECT_EQ(get(kFeatureWriteCache), ok);
  EXPECT_EQ(result, 1U);
  EXPECT_EQ(set(kFeatureWriteCache, 0), ok);
  EXPECT_EQ(get(kFeatureWriteCache), ok);
  EXPECT_EQ(result, 0U);
  EXPECT_EQ(set(kFeatureCoalescing, 0x105), ok);
  EXPECT_EQ(get(kFeatureCoalescing), ok);
  EXPECT_EQ(result, 0x105U);
  for (const std::uint32_t id : {1U, 2U, 4U, 5U, 6U, 7U, 8U, 9U, 10U, 11U})
    EXPECT_EQ(get(id), ok) << id;
  EXPECT_EQ(get(kFeatureVector, 4), code(Status::invalid_field));
  EXPECT_EQ(get(0), code(Status::invalid_field));
  EXPECT_EQ(get(0x0f), code(Status::invalid_field));  // keep alive timer
  EXPECT_EQ(set(kFeatureCoalescing | 1U << 31, 0), code(Status::not_saveable));
  ASSERT_EQ(create_queue(1), ok);
  EXPECT_EQ(set(kFeatureQueues, 1), code(Status::command_sequence));
  disable();  // and all is as it was
  enable();
  EXPECT_EQ(get(kFeatureWriteCache), ok);
  EXPECT_EQ(result, 1U);
}

TEST_F(NvmeAdmin, LogPages) {
  create();
  enable();
  ASSERT_EQ(create_queue(1), ok);
  ASSERT_EQ(ask(1, transfer(kRead, 0, 8)), ok);
  ASSERT_EQ(ask(1, transfer(kWrite, kDiskSize / 512, 1)), code(Status::lba_out_of_range));
  const std::uint16_t failed = last_cid;
  const auto log = [this](std::uint32_t id, std::uint32_t bytes, std::uint32_t offset = 0) {
    return admin({.opcode = kGetLogPage,
                  .nsid = kAllNamespaces,
                  .prp1 = kData,
                  .dw10 = (bytes / 4 - 1) << 16 | id,
                  .dw12 = offset});
  };
  ASSERT_EQ(log(kLogHealth, 512), ok);
  EXPECT_EQ(data<std::uint64_t>(32), 1U);  // one unit read
  EXPECT_EQ(data<std::uint64_t>(64), 1U);
  EXPECT_EQ(data<std::uint64_t>(80), 0U);
  EXPECT_EQ(data<std::uint64_t>(176), 1U);
  ASSERT_EQ(log(kLogErrors, 64), ok);
  EXPECT_EQ(data<std::uint64_t>(0), 1U);
  EXPECT_EQ(data<std::uint16_t>(8), 1U);
  EXPECT_EQ(data<std::uint16_t>(10), failed);
  EXPECT_EQ(data<std::uint16_t>(12) >> 1, code(Status::lba_out_of_range));
  EXPECT_EQ(data<std::uint64_t>(16), kDiskSize / 512);
  ASSERT_EQ(log(kLogFirmware, 512, 8), ok);
  EXPECT_EQ(text(kData, 3), "1.0");
  EXPECT_EQ(log(kLogFirmware, 512, 516), code(Status::invalid_field));
  EXPECT_EQ(log(0x70, 512), code(Status::invalid_log_page));
  // Longer than the page, as long as a transfer may be, and longer.
  put(kData + 512, "untouched");
  memory.store(GuestAddress(kData - 0x1000), std::uint64_t{kData + 0x1000});
  EXPECT_EQ(log(kLogHealth, 4096), ok);
  EXPECT_EQ(text(kData + 512, 9), "untouched");
  EXPECT_EQ(admin({.opcode = kGetLogPage, .prp1 = kData, .dw10 = 0xffff'0002, .dw11 = 0xffff}),
            code(Status::invalid_field));
}

TEST_F(NvmeAdmin, WhatIsNotOfferedIsRefused) {
  create({.shadow_doorbells = false});
  enable();
  for (const std::uint8_t opcode : {kKeepAlive, kFormat, kDoorbellBuffer, std::uint8_t{0xff}})
    EXPECT_EQ(admin({.opcode = opcode}), code(Status::invalid_opcode)) << int{opcode};
}

TEST_F(NvmeAdmin, EventRequestsAreHeldUntilSomethingHappens) {
  create();
  use_msix(2);
  enable();
  const std::uint16_t first = offer(0, {.opcode = kAsyncEvent});
  const std::uint16_t second = offer(0, {.opcode = kAsyncEvent});
  ring_tail(0);
  EXPECT_FALSE(wait(0));
  ring(1, false, 3);  // a queue that nobody made
  auto entry = wait(0);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->cid, first);
  EXPECT_EQ(entry->status >> 1, ok);
  EXPECT_EQ(entry->result, 0x1'0000U);  // error, invalid doorbell register, log page 1
  ring(1, false, 3);
  EXPECT_FALSE(wait(0));  // told once until the log was read
  ASSERT_EQ(admin({.opcode = kGetLogPage, .prp1 = kData, .dw10 = 15 << 16 | 1}), ok);
  entry = wait(0);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->cid, second);
  EXPECT_EQ(interrupts_of(0), 2U);  // the log's answer and the event were one
}

TEST_F(NvmeAdmin, AtMostFourEventRequestsAndTheyCanBeAborted) {
  create();
  enable();
  std::array<std::uint16_t, 4> held{};
  for (std::uint16_t& cid : held)
    cid = offer(0, {.opcode = kAsyncEvent});
  ring_tail(0);
  EXPECT_EQ(admin({.opcode = kAsyncEvent}), code(Status::too_many_async_events));
  offer(0, {.opcode = kAbort, .dw10 = std::uint32_t{held[2]} << 16});
  ring_tail(0);
  const auto aborted = wait(0);
  ASSERT_TRUE(aborted);
  EXPECT_EQ(aborted->cid, held[2]);
  EXPECT_EQ(aborted->status >> 1, code(Status::abort_requested));
  const auto answer = wait(0);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->result, 0U);
  EXPECT_EQ(admin({.opcode = kAbort, .dw10 = std::uint32_t{held[2]} << 16}), ok);
  EXPECT_EQ(result, 1U);  // not aborted
}

TEST_F(NvmeAdmin, AResizeIsTold) {
  create();
  enable();
  ASSERT_EQ(admin({.opcode = kSetFeatures, .dw10 = kFeatureAsyncEvents, .dw11 = 0x100}), ok);
  offer(0, {.opcode = kAsyncEvent});
  ring_tail(0);
  EXPECT_FALSE(wait(0));
  nvme->resize();
  EXPECT_FALSE(wait(0));  // as large as before
}

TEST_F(NvmeAdmin, QueuesAreMadeAndDeletedInTheirOrder) {
  create({.queues = 2});
  enable();
  EXPECT_EQ(
      admin({.opcode = kCreateSq, .prp1 = kIoQueues, .dw10 = 15 << 16 | 1, .dw11 = 1 << 16 | 1}),
      code(Status::completion_queue_invalid));
  ASSERT_EQ(create_queue(1), ok);
  ASSERT_EQ(create_queue(2), ok);
  EXPECT_EQ(
      admin({.opcode = kCreateSq, .prp1 = kIoQueues, .dw10 = 15 << 16 | 1, .dw11 = 1 << 16 | 1}),
      code(Status::invalid_queue_id));
  EXPECT_EQ(admin({.opcode = kDeleteCq, .dw10 = 1}), code(Status::invalid_queue_deletion));
  EXPECT_EQ(admin({.opcode = kDeleteSq, .dw10 = 1}), ok);
  EXPECT_EQ(admin({.opcode = kDeleteSq, .dw10 = 1}), code(Status::invalid_queue_id));
  EXPECT_EQ(admin({.opcode = kDeleteCq, .dw10 = 1}), ok);
  ASSERT_EQ(create_queue(1), ok);
  EXPECT_EQ(ask(1, transfer(kRead, 0, 1)), ok);
  EXPECT_EQ(ask(2, transfer(kRead, 0, 1)), ok);
}

}  // namespace
}  // namespace skiff
