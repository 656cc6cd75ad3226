#include "vmm/control/console/console_switch.h"

#include "tests/unit/control/console/hub_fixture.h"

namespace skiff {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Takes all, as a terminal does.
class TerminalSink final : public ByteSink {
 public:
  std::size_t write(std::span<const std::byte> bytes) noexcept override {
    const std::size_t taken = std::min(bytes.size(), room);
    text.append(reinterpret_cast<const char*>(bytes.data()), taken);
    return taken;
  }
  bool writable() const noexcept override { return true; }
  std::string text;
  std::size_t room = 1000;
};

class ConsoleSwitchTest : public HubTest {
 protected:
  ConsoleSwitchTest() {
    config_.serial = {{.unit = 1, .target = SerialTarget::console, .path = {}},
                      {.unit = 2, .target = SerialTarget::socket, .path = {}}};
    config_.virtio_console.ports = {
        {.name = "", .target = SerialTarget::socket, .path = {}, .console = true},
        {.name = "log", .target = SerialTarget::file, .path = "x"}};
  }
  static std::vector<std::string> names(const ConsoleSwitch& consoles) {
    std::vector<std::string> result;
    for (const ConsoleInfo& info : consoles.list())
      result.push_back(info.name + (info.is_main ? "!" : ""));
    return result;
  }
  static std::size_t put_to(ByteSink& sink, std::string_view text) {
    return sink.write(std::as_bytes(std::span(text)));
  }
  VmConfig config_;
  TerminalSink terminal_;
};

TEST_F(ConsoleSwitchTest, EveryPortToAttachToHasAConsole) {
  ConsoleSwitch consoles(io_, config_, {});
  EXPECT_THAT(names(consoles), ElementsAre("com1!", "com2", "hvc0"));
  put_to(consoles.sink(config_.serial[1]), "second");
  put_to(consoles.sink(config_.virtio_console.ports[0]), "hvc");
  put_to(consoles.main_sink(), "main");
  EXPECT_EQ(consoles.list()[0].output_bytes, 4U);
  EXPECT_EQ(consoles.list()[1].output_bytes, 6U);
  EXPECT_EQ(consoles.list()[2].output_bytes, 3U);
  const auto missing = consoles.may_attach("com9", {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ControlError::Kind::not_found);
  EXPECT_THAT(missing.error().message, HasSubstr("com1, com2, hvc0"));
}

TEST_F(ConsoleSwitchTest, InputGoesToThePortOfThatName) {
  ConsoleSwitch consoles(io_, config_, {});
  FakeCharacterDevice com1;
  FakeCharacterDevice hvc0;
  const std::vector<NamedCharacterDevice> devices = {{"com1", &com1}, {"hvc0", &hvc0}};
  consoles.attach(devices);
  auto [ours, theirs] = socket_pair();
  consoles.adopt("hvc0", {}, std::move(theirs), {});
  const Person person(std::move(ours));
  person.type("abc");
  EXPECT_TRUE(run([&] { return hvc0.text == "abc"; }));
  EXPECT_EQ(com1.text, "");
  EXPECT_EQ(consoles.may_attach("hvc0", {}).error().kind, ControlError::Kind::conflict);
  consoles.attach({});
}

TEST_F(ConsoleSwitchTest, InTheForegroundOnlyOtherPortsHaveConsoles) {
  ConsoleSwitch consoles(io_, config_, {.terminal = &terminal_});
  EXPECT_THAT(names(consoles), ElementsAre("com2", "hvc0"));
  EXPECT_EQ(put_to(consoles.sink(config_.serial[0]), "to the terminal"), 15U);
  EXPECT_EQ(terminal_.text, "to the terminal");
}

TEST_F(ConsoleSwitchTest, ViewersOfANamedForegroundVmSeeWhatTheTerminalTook) {
  ConsoleSwitch consoles(io_, config_, {.terminal = &terminal_, .named = true});
  EXPECT_THAT(names(consoles), ElementsAre("com1!", "com2", "hvc0"));
  terminal_.room = 3;
  EXPECT_EQ(put_to(consoles.sink(config_.serial[0]), "abcdef"), 3U);
  EXPECT_FALSE(consoles.may_attach("", {.steal = true}));
  auto [ours, theirs] = socket_pair();
  consoles.adopt("", {.write = false}, std::move(theirs), {});
  Person viewer(std::move(ours));
  EXPECT_TRUE(reads(viewer, "abc"));
}

TEST_F(ConsoleSwitchTest, WithoutAnyTheFirstPortStillTakesInput) {
  config_.serial = {{.unit = 1, .target = SerialTarget::null_sink, .path = {}}};
  config_.virtio_console.ports.clear();
  ConsoleSwitch consoles(io_, config_, {});
  EXPECT_THAT(names(consoles), ElementsAre("com1!"));
  ConsoleSwitch foreground(io_, config_, {.terminal = &terminal_});
  EXPECT_THAT(names(foreground), IsEmpty());
}

TEST_F(ConsoleSwitchTest, AtTheEndReadersGetTheLastBytesAndTheStatus) {
  ConsoleSwitch consoles(io_, config_, {});
  auto [ours, theirs] = socket_pair();
  consoles.adopt("", {}, std::move(theirs), {});
  Person person(std::move(ours));
  settle();
  put_to(consoles.main_sink(), "last words");
  EXPECT_TRUE(consoles.drain([](auto) { return false; }));
  consoles.end(3);
  EXPECT_TRUE(person.read());
  EXPECT_EQ(person.output, "last words");
  EXPECT_EQ(person.ended, 3);
}

}  // namespace
}  // namespace skiff
