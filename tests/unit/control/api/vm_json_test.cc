// VmInfo and its fellows to JSON and back.
#include "vmm/control/api/vm_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skiff::test {
namespace {

using namespace std::chrono_literals;

TEST(VmJson, AVmComesBackAsItWas) {
  const VmInfo info{.name = "web",
                    .state = VmState::paused,
                    .detail = "a \"quote\"\n",
                    .pid = 77,
                    .vcpus = 3,
                    .memory = 1ULL << 40,
                    .uptime = 123456789ns,
                    .resets = 2,
                    .exits = 1ULL << 50,
                    .cpu_ns = 99,
                    .started = std::chrono::system_clock::time_point(1'700'000'000'123ms),
                    .ended = std::chrono::system_clock::time_point(1'800'000'000'000ms),
                    .exit_status = 42,
                    .kernel = "k",
                    .config = "c"};
  const auto back = parse_vm_info(to_json(info));
  ASSERT_TRUE(back);
  EXPECT_EQ(to_json(*back), to_json(info));
  EXPECT_EQ(back->state, VmState::paused);
  EXPECT_EQ(back->memory, 1ULL << 40);
  EXPECT_EQ(back->started, info.started);
  EXPECT_EQ(back->ended, info.ended);
  EXPECT_EQ(back->exit_status, 42);
}

TEST(VmJson, WhatIsNotThereStaysAsItIs) {
  const auto info = parse_vm_info(R"({"name":"x","pid":"seven","exit_status":null,"more":1})");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->name, "x");
  EXPECT_EQ(info->pid, 0);
  EXPECT_FALSE(info->exit_status);
  EXPECT_FALSE(info->ended);
  EXPECT_FALSE(parse_vm_info("[1]"));
  EXPECT_FALSE(parse_vm_info("{"));
}

TEST(VmJson, EventsAndErrors) {
  const auto event = parse_event(to_json(VmEvent{.kind = "reset", .detail = "d", .number = 9}));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, "reset");
  EXPECT_EQ(event->number, 9U);
  const auto error = parse_error(
      to_json(ControlError{.kind = ControlError::Kind::conflict, .message = "m", .field = "f"}));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ControlError::Kind::conflict);
  EXPECT_EQ(error->field, "f");
  EXPECT_FALSE(parse_error("{}"));
}

TEST(VmJson, Times) {
  const std::chrono::system_clock::time_point time(951'827'696'007ms);
  EXPECT_EQ(to_text(time), "2000-02-29T12:34:56.007Z");
  EXPECT_EQ(parse_time("2000-02-29T12:34:56.007Z"), time);
  EXPECT_FALSE(parse_time("yesterday"));
}

}  // namespace
}  // namespace skiff::test
