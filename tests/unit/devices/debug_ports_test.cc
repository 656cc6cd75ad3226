// The one-port devices: debug exit, debug text, POST code, pvpanic.
#include <gtest/gtest.h>

#include <vector>

#include "devices/misc/debug_exit.h"
#include "devices/misc/debug_register.h"
#include "devices/misc/debug_text_port.h"
#include "devices/misc/post_code.h"
#include "devices/misc/pvpanic.h"
#include "tests/fakes/fake_byte_sink.h"
#include "tests/fakes/register_access.h"

namespace skiff {
namespace {

TEST(DebugExit, HandsOnTheValueAtItsWidth) {
  std::vector<std::uint32_t> values;
  DebugExit exit("debug-exit", [&](std::uint32_t value) { values.push_back(value); });
  write_register(exit, 0, 0xffff'ff01, 1);
  write_register(exit, 0, 0xffff'0203, 2);
  write_register(exit, 0, 0x04050607, 4);
  EXPECT_EQ(values, (std::vector<std::uint32_t>{0x01, 0x0203, 0x04050607}));
  EXPECT_EQ(write_register(exit, 0, 1, 8), IoStatus::bad_width);
  EXPECT_EQ(write_register(exit, 1, 1), IoStatus::no_such_register);
  EXPECT_EQ(read_register(exit, 0, 4), 0U);
  EXPECT_EQ(values.size(), 3U);
  DebugExit deaf("debug-exit", nullptr);
  EXPECT_EQ(write_register(deaf, 0, 1), IoStatus::ok);
}

TEST(DebugTextPort, TextGoesToTheSink) {
  FakeByteSink sink;
  DebugTextPort port("debug-text", sink);
  EXPECT_EQ(read_register(port, 0), 0xe9U);
  write_register(port, 0, 'h');
  std::size_t done = 0;
  EXPECT_EQ(port.write_string({0, 1}, as_byte_span("ello"), done), IoStatus::ok);
  EXPECT_EQ(done, 4U);
  EXPECT_EQ(sink.text(), "hello");
  EXPECT_EQ(sink.calls(), 2);
}

TEST(DebugTextPort, AFullSinkIsBusyAndNothingIsLost) {
  FakeByteSink sink;
  DebugTextPort port("debug-text", sink);
  sink.set_room(2);
  std::size_t done = 0;
  const auto text = as_byte_span("hello");
  EXPECT_EQ(port.write_string({0, 1}, text, done), IoStatus::busy);
  EXPECT_EQ(done, 2U);
  EXPECT_EQ(write_register(port, 0, '!'), IoStatus::busy);
  sink.set_room(3);
  EXPECT_EQ(port.write_string({0, 1}, text, done), IoStatus::ok);
  EXPECT_EQ(sink.text(), "hello");
}

TEST(DebugRegister, KeepsWhatIsWritten) {
  DebugRegister debug("debug-register");
  EXPECT_EQ(read_register(debug, 0, 4), 0U);
  EXPECT_EQ(write_register(debug, 0, 0xffff'ffff'1234'5678, 4), IoStatus::ok);
  EXPECT_EQ(read_register(debug, 0, 4), 0x1234'5678U);
  EXPECT_EQ(write_register(debug, 0, 1, 8), IoStatus::bad_width);
  EXPECT_EQ(write_register(debug, 4, 1, 4), IoStatus::no_such_register);
  EXPECT_EQ(read_register(debug, 0, 4), 0x1234'5678U);
  EXPECT_EQ(debug.guest_faults(), 1U);
  EXPECT_EQ(write_register(debug, 0, 7, 1), IoStatus::ok);
  EXPECT_EQ(read_register(debug, 0, 4), 7U);
}

TEST(PostCode, RemembersTheLastAndCounts) {
  PostCode post("post");
  EXPECT_EQ(post.state(), PostCode::State{});
  for (unsigned code = 1; code <= 300; ++code)
    write_register(post, 0, code);
  EXPECT_EQ(read_register(post, 0), 300U & 0xff);
  EXPECT_EQ(post.state(), (PostCode::State{300 & 0xff, 300}));
  PostCode other("post");
  other.restore(post.state());
  EXPECT_EQ(other.state(), post.state());
  post.reset();
  EXPECT_EQ(post.state().count, 0U);
}

TEST(Pvpanic, OffersAndHandsOnEvents) {
  std::vector<PvpanicEvent> events;
  Pvpanic pvpanic("pvpanic", [&](PvpanicEvent event) { events.push_back(event); });
  EXPECT_EQ(read_register(pvpanic, 0), 3U);
  write_register(pvpanic, 0, 2);
  write_register(pvpanic, 0, 1);
  write_register(pvpanic, 0, 3);
  EXPECT_EQ(events, (std::vector{PvpanicEvent::crash_loaded, PvpanicEvent::panicked,
                                 PvpanicEvent::panicked}));
  write_register(pvpanic, 0, 0);
  write_register(pvpanic, 0, 4);
  EXPECT_EQ(events.size(), 3U);
  EXPECT_EQ(pvpanic.guest_faults(), 1U);
}

}  // namespace
}  // namespace skiff
