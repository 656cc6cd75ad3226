#include "tests/unit/control/console/hub_fixture.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::size_t kKept = OutputHistory::kCapacity;

std::string numbered_lines(std::size_t size) {
  std::string text;
  for (int line = 0; text.size() < size; ++line)
    text += "line " + std::to_string(line) + "\r\n";
  return text;
}

TEST_F(HubTest, WhoeverComesLateSeesWhatWasSaidBefore) {
  put("the boot\r\n");
  Person writer = attach();
  EXPECT_TRUE(reads(writer, "the boot\r\n"));
  put("login: ");
  EXPECT_TRUE(reads(writer, "the boot\r\nlogin: "));
  Person no_replay = attach({.write = false, .replay = false});
  settle();
  put("root");
  EXPECT_TRUE(reads(no_replay, "root"));
  EXPECT_EQ(writer.role, "writer");
  EXPECT_EQ(no_replay.role, "viewer");
}

TEST_F(HubTest, TheLastMebibyteIsReplayed) {
  const std::string text = numbered_lines(3 * kKept);
  EXPECT_EQ(put(text), text.size()) << "nobody is attached: the guest does not wait";
  Person person = attach();
  EXPECT_TRUE(reads(person, text.substr(text.size() - kKept)));
  EXPECT_THAT(person.notices, IsEmpty());
}

TEST_F(HubTest, InputComesWholeAtTheGuestsSpeed) {
  const std::string paste = numbered_lines(1'000'000);
  device_.room = 10;
  Person person = attach();
  std::vector<std::byte> frames;
  for (std::size_t at = 0; at < paste.size(); at += kMaxFrameData) {
    append_frame(frames, FrameType::input,
                 std::as_bytes(std::span(std::string_view(paste).substr(at, kMaxFrameData))));
  }
  append_frame(frames, FrameType::line_break, {});
  std::size_t sent = 0;
  EXPECT_TRUE(run([&] {
    const ssize_t count = ::send(person.fd(), frames.data() + sent, frames.size() - sent,
                                 MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count > 0) sent += static_cast<std::size_t>(count);
    if (device_.breaks == 0 && device_.room == 0) device_.make_room(997);
    return device_.breaks == 1;
  }));
  EXPECT_TRUE(device_.text == paste);
}

TEST_F(HubTest, AWriterIsReadNoFasterThanTheGuestTakes) {
  device_.room = 0;
  Person writer = attach();
  Person viewer = attach_viewer();
  const std::vector<std::byte> zeros(kMaxFrameData);
  std::vector<std::byte> frame;
  append_frame(frame, FrameType::input, zeros);
  std::size_t sent = 0;
  bool full = false;
  for (int i = 0; i < 1000 && !full; ++i) {
    const ssize_t count = ::send(writer.fd(), frame.data(), frame.size(), MSG_DONTWAIT);
    full = count < static_cast<ssize_t>(frame.size());
    if (count > 0) sent += static_cast<std::size_t>(count);
    settle();
  }
  EXPECT_TRUE(full) << "it is read without bound: " << sent << " bytes";
  put("still alive");
  EXPECT_TRUE(reads(viewer, "still alive"));
}

TEST_F(HubTest, ThereIsOneWriter) {
  Person first = attach();
  EXPECT_TRUE(becomes(first, "writer"));
  const auto refused = hub_->may_attach({});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr("process " + std::to_string(::getpid())));
  EXPECT_TRUE(hub_->may_attach({.write = false}));
  EXPECT_TRUE(hub_->may_attach({.steal = true}));
  Person second = attach();  // between the question and the attach another one came
  EXPECT_TRUE(becomes(second, "viewer"));
  EXPECT_THAT(second.notices, Contains(HasSubstr("is written to by")));
  second.type("nobody hears this");
  first.type("abc");
  EXPECT_TRUE(run([&] { return device_.text.size() == 3; }));
  settle();
  EXPECT_EQ(device_.text, "abc");
}

TEST_F(HubTest, AWriterCanBeTakenOver) {
  Person first = attach();
  EXPECT_TRUE(becomes(first, "writer"));
  Person second = attach({.steal = true});
  EXPECT_TRUE(becomes(second, "writer"));
  EXPECT_TRUE(becomes(first, "viewer"));
  EXPECT_THAT(first.notices, ElementsAre(HasSubstr("has taken over")));
  first.type("old ");
  second.type("new");
  EXPECT_TRUE(run([&] { return !device_.text.empty(); }));
  settle();
  EXPECT_EQ(device_.text, "new");
  first.ask(RoleRequest::take);
  EXPECT_TRUE(run([&] { return first.read() && first.notices.size() == 2; }));
  EXPECT_EQ(first.role, "viewer");
  first.ask(RoleRequest::steal);
  EXPECT_TRUE(becomes(first, "writer"));
  EXPECT_TRUE(becomes(second, "viewer"));
}

TEST_F(HubTest, InputOfATakenOverWriterThatWaitsIsDropped) {
  device_.room = 1;
  Person first = attach();
  first.type("abc");
  EXPECT_TRUE(run([&] { return device_.text == "a"; }));
  Person second = attach({.steal = true});
  EXPECT_TRUE(becomes(first, "viewer"));
  second.type("xyz");
  device_.make_room(100);
  EXPECT_TRUE(run([&] { return device_.text.size() >= 4; }));
  EXPECT_EQ(device_.text, "axyz");
  first.type("still read, and dropped");
  settle();
  EXPECT_EQ(device_.text, "axyz");
}

TEST_F(HubTest, NobodyIsPromotedWhenTheWriterLeaves) {
  Person writer = attach();
  Person viewer = attach_viewer();
  EXPECT_TRUE(becomes(viewer, "viewer"));
  writer.hang_up();
  EXPECT_TRUE(run([&] { return !hub_->has_writer(); }));
  settle();
  EXPECT_EQ(hub_->client_count(), 1U);
  viewer.read();
  EXPECT_EQ(viewer.role, "viewer");
  viewer.ask(RoleRequest::take);
  EXPECT_TRUE(becomes(viewer, "writer"));
  viewer.ask(RoleRequest::give_up);
  EXPECT_TRUE(becomes(viewer, "viewer"));
  EXPECT_FALSE(hub_->has_writer());
}

TEST_F(HubTest, TheWritersWindowIsTheGuests) {
  Person viewer = attach({.write = false, .columns = 10, .rows = 10});
  Person writer = attach({.columns = 80, .rows = 25});
  EXPECT_EQ(device_.window, std::pair(80, 25));
  std::vector<std::byte> frame;
  append_window(frame, 132, 43);
  writer.send(frame);
  EXPECT_TRUE(run([&] { return device_.window == std::pair(132, 43); }));
  FakeCharacterDevice next;  // a guest that has rebooted
  hub_->attach(nullptr);
  hub_->attach(&next);
  EXPECT_EQ(next.window, std::pair(132, 43));
}

TEST_F(HubTest, InputWaitsWhileTheGuestReboots) {
  Person person = attach();
  hub_->attach(nullptr);
  person.type("typed meanwhile");
  settle();
  FakeCharacterDevice next;
  hub_->attach(&next);
  EXPECT_TRUE(run([&] { return next.text == "typed meanwhile"; }));
  put("second boot");
  EXPECT_TRUE(reads(person, "second boot"));
}

TEST_F(HubTest, AStuckViewerIsPassedByAndToldWhenItReadsAgain) {
  Person stuck = attach_viewer();
  settle();
  const std::string text = numbered_lines(3 * kKept);
  std::size_t written = 0;
  EXPECT_TRUE(run([&] {
    written += put(std::string_view(text).substr(written));
    return written == text.size();
  })) << "the guest waits for ever";
  // Still a little is in the socket and in the frame begun; then the gap is told.
  EXPECT_TRUE(run([&] {
    stuck.read();
    return stuck.output.ends_with(text.substr(text.size() - 100));
  }));
  std::uint64_t missed = 0;
  for (const std::string& notice : stuck.notices) {
    if (notice.ends_with(" bytes missed")) missed += std::stoull(notice);
  }
  EXPECT_GT(missed, 0U);
  EXPECT_EQ(stuck.output.size() + missed, text.size());
  EXPECT_TRUE(text.starts_with(stuck.output.substr(0, 64 * 1024)));
  // It has caught up: the guest waits for it again.
  settle();
  written = 0;
  for (std::size_t taken = 1; taken != 0 && written < text.size();) {
    taken = put(std::string_view(text).substr(written));
    written += taken;
    settle();
  }
  EXPECT_LT(written, text.size());
}

TEST_F(HubTest, TheWriterHoldsTheGuestAsLongAsItTakesAnything) {
  Person writer = attach();
  settle();
  const std::string text = numbered_lines(2 * kKept);
  std::size_t written = 0;
  const auto began = std::chrono::steady_clock::now();
  // 4 KiB now and then: far too slow for a viewer.
  EXPECT_TRUE(run([&] {
    written += put(std::string_view(text).substr(written));
    std::byte some[4096];
    const ssize_t count = ::recv(writer.fd(), some, sizeof some, MSG_DONTWAIT);
    if (count > 0) writer.parse(std::span(some).first(static_cast<std::size_t>(count)));
    return std::chrono::steady_clock::now() - began > 3 * ConsoleHub::kFastWindow;
  }));
  EXPECT_TRUE(run([&] {
    written += put(std::string_view(text).substr(written));
    writer.read();
    return writer.output.size() == text.size();
  }));
  EXPECT_THAT(writer.notices, IsEmpty());
  EXPECT_TRUE(writer.output == text);
}

TEST_F(HubTest, AWriterThatTakesNothingIsPassedByToo) {
  Person writer = attach();
  settle();
  const std::string text = numbered_lines(3 * kKept);
  std::size_t written = 0;
  EXPECT_TRUE(run([&] {
    written += put(std::string_view(text).substr(written));
    return written == text.size();
  }));
  EXPECT_TRUE(run([&] {
    writer.read();
    return writer.output.ends_with(text.substr(text.size() - 100));
  }));
  EXPECT_THAT(writer.notices, Contains(HasSubstr("bytes missed")));
  EXPECT_EQ(writer.role, "writer");
}

TEST_F(HubTest, GarbageEndsThatConnectionOnly) {
  Person good = attach();
  Person bad = attach_viewer();
  bad.send(std::as_bytes(std::span(std::string_view("GET / HTTP/1.1\r\n"))));
  EXPECT_TRUE(run([&] { return !bad.read(); }));
  Person role = attach_viewer();
  role.send(FrameType::ask_role, "\x07");
  EXPECT_TRUE(run([&] { return !role.read(); }));
  EXPECT_TRUE(run([&] { return hub_->client_count() == 1; }));
  put("fine");
  EXPECT_TRUE(reads(good, "fine"));
}

TEST_F(HubTest, AHalfClosedClientStillReads) {
  Person person = attach();
  person.type("last words");
  ::shutdown(person.fd(), SHUT_WR);
  EXPECT_TRUE(run([&] { return !hub_->has_writer(); }));
  EXPECT_EQ(device_.text, "last words");
  put("answer");
  EXPECT_TRUE(reads(person, "answer"));
  person.hang_up();
  EXPECT_TRUE(run([&] { return hub_->client_count() == 0; }));
}

TEST_F(HubTest, RawStreamsCarryTheGuestsBytesAlone) {
  put("before\r\n");
  auto [ours, theirs] = socket_pair();
  hub_->adopt_raw(ConsoleClient::Kind::socket, std::move(theirs), "a raw socket");
  EXPECT_TRUE(hub_->has_writer());
  ASSERT_EQ(::send(ours.get(), "ls\n", 3, 0), 3);
  std::string output;
  EXPECT_TRUE(run([&, fd = ours.get()] {
    char buffer[100];
    const ssize_t count = ::recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (count > 0) output.append(buffer, static_cast<std::size_t>(count));
    return output.size() >= 8 && device_.text.size() >= 3;
  }));
  EXPECT_EQ(output, "before\r\n");
  EXPECT_EQ(device_.text, "ls\n");
  // A second one is a viewer, whatever it sends.
  auto [second, second_theirs] = socket_pair();
  hub_->adopt_raw(ConsoleClient::Kind::socket, std::move(second_theirs), "a raw socket");
  ASSERT_EQ(::send(second.get(), "rm\n", 3, 0), 3);
  settle();
  EXPECT_EQ(device_.text, "ls\n");
}

TEST_F(HubTest, NoMoreThanSoManyClients) {
  std::vector<Person> people;
  for (std::size_t i = 0; i < ConsoleHub::kMaxClients; ++i)
    people.push_back(attach_viewer());
  EXPECT_FALSE(hub_->may_attach({.write = false}));
  Person late = attach_viewer();
  EXPECT_TRUE(run([&] { return !late.read(); }));
  people.pop_back();
  EXPECT_TRUE(run([&] { return hub_->may_attach({.write = false}).has_value(); }));
}

TEST_F(HubTest, AThousandComeAndGo) {
  const auto open_files = [] {
    const Fd next(::dup(0));
    return next.get();
  };
  put(numbered_lines(1000));
  const int before = open_files();
  for (int i = 0; i < 1000; ++i) {
    Person person = attach({.write = i % 2 == 0, .steal = i % 4 == 0});
    if (i % 3 != 0) person.read();
    if (i % 16 == 0) settle();
    if (i % 32 == 31) {
      person.hang_up();
      ASSERT_TRUE(run([&] { return hub_->client_count() == 0; }));
    }
  }
  EXPECT_TRUE(run([&] { return hub_->client_count() == 0; }));
  settle();
  EXPECT_EQ(open_files(), before);
}

TEST_F(HubTest, AtTheEndReadersGetAllAndTheStatus) {
  Person reader = attach();
  Person stuck = attach_viewer();
  settle();
  const std::string text = numbered_lines(kKept / 2);
  put(text);
  const auto since = std::chrono::steady_clock::now();
  EXPECT_TRUE(run([&] {
    reader.read();
    return hub_->flush(since);
  }));
  hub_->tell_ended(7);
  EXPECT_TRUE(run([&] {
    reader.read();
    hub_->flush(since);
    return reader.ended == 7;
  }));
  EXPECT_TRUE(reader.output == text);
  hub_.reset();
  EXPECT_FALSE(reader.read());
}

TEST(LocalWriter, ViewersOfATerminalsConsoleHoldNobody) {
  boost::asio::io_context io;
  ConsoleHub hub(io, "com1", {.local_writer = "the terminal of `skiff run`"});
  const auto refused = hub.may_attach({.steal = true});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr("the terminal of"));
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  Person viewer{Fd(ends[0])};
  hub.adopt({.write = true}, Fd(ends[1]), {});
  const std::string text(3 * kKept, 'x');
  EXPECT_EQ(hub.write(std::as_bytes(std::span(text))), text.size());
  while (io.poll() != 0) {
  }
  viewer.read();
  EXPECT_EQ(viewer.role, "viewer");
}

}  // namespace
}  // namespace skiff
