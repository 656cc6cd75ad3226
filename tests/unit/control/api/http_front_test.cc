// HTTP bytes in, HTTP bytes out.
#include "vmm/control/api/http_front.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_vm_control.h"

namespace skiff::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class HttpFrontTest : public testing::Test {
 protected:
  void take(std::string_view text) { front_.take(std::as_bytes(std::span(text))); }
  std::string output_of(std::string_view text) {
    take(text);
    const auto step = front_.next();
    return step ? step->output : "nothing";
  }

  FakeVmControl vm_;
  HttpFront front_{vm_};
};

TEST_F(HttpFrontTest, ARequestIsAnsweredAndTheConnectionStays) {
  take("GET /v1/vm HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto step = front_.next();
  ASSERT_TRUE(step);
  EXPECT_THAT(step->output, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(step->output, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(step->output, HasSubstr("\"name\":\"web\""));
  EXPECT_FALSE(step->close);
  EXPECT_FALSE(front_.next());
  EXPECT_TRUE(front_.idle());
}

TEST_F(HttpFrontTest, TheSameByteByByte) {
  const std::string_view text =
      "POST /v1/stop HTTP/1.1\r\nContent-Length: 15\r\n\r\n{\"force\": true}";
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {
    take(text.substr(at, 1));
    ASSERT_FALSE(front_.next()) << at;
    EXPECT_FALSE(front_.idle());
  }
  EXPECT_THAT(output_of(text.substr(text.size() - 1)), StartsWith("HTTP/1.1 202 Accepted\r\n"));
  EXPECT_TRUE(vm_.stop_request.force);
}

TEST_F(HttpFrontTest, SeveralRequestsInOneGoAreAnsweredInTurn) {
  take("POST /v1/pause HTTP/1.1\r\n\r\nPOST /v1/resume HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(front_.next());
  EXPECT_THAT(vm_.asked, ElementsAre("pause"));
  EXPECT_TRUE(front_.next());
  EXPECT_THAT(vm_.asked, ElementsAre("pause", "resume"));
  EXPECT_FALSE(front_.next());
}

TEST_F(HttpFrontTest, WhoeverWantsToCloseIsClosed) {
  take("GET /v1/vm HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(front_.next()->close);
  HttpFront old(vm_);
  const std::string_view text = "GET /v1/vm HTTP/1.0\r\n\r\n";
  old.take(std::as_bytes(std::span(text)));
  EXPECT_TRUE(old.next()->close);
}

struct Refused {
  std::string name;
  std::string bytes;
  std::string answer;
};
void PrintTo(const Refused& refused, std::ostream* stream) {
  *stream << refused.name;
}

class RefusedBytes : public testing::TestWithParam<Refused> {};

TEST_P(RefusedBytes, AreAnsweredWithAStatusAndTheConnectionEnds) {
  FakeVmControl vm;
  HttpFront front(vm);
  front.take(std::as_bytes(std::span(GetParam().bytes)));
  const auto step = front.next();
  ASSERT_TRUE(step);
  EXPECT_THAT(step->output, StartsWith("HTTP/1.1 " + GetParam().answer + " "));
  EXPECT_THAT(step->output, HasSubstr("\"message\":"));
  EXPECT_TRUE(step->close);
  EXPECT_THAT(vm.asked, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusedBytes,
    testing::Values(
        Refused{"no http", "hello there, who are you\r\n\r\n", "400"},
        Refused{"tls", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), "400"},
        Refused{"zeros", std::string(100, '\0'), "400"},
        Refused{"no path", "POST pause HTTP/1.1\r\n\r\n", "400"},
        Refused{"broken escape", "POST /v1/%zz HTTP/1.1\r\n\r\n", "400"},
        Refused{"zero in path", "POST /v1/%00 HTTP/1.1\r\n\r\n", "400"},
        Refused{"long line", "GET /" + std::string(9000, 'a'), "431"},
        Refused{"long field", "GET / HTTP/1.1\r\nA: " + std::string(9000, 'a'), "431"},
        Refused{"many fields",
                [] {
                  std::string text = "GET / HTTP/1.1\r\n";
                  for (int count = 0; count < 2000; ++count)
                    text += "A: b\r\n";
                  return text + "\r\n";
                }(),
                "431"},
        Refused{"large body", "POST /v1/stop HTTP/1.1\r\nContent-Length: 65537\r\n\r\n", "413"},
        Refused{"huge body",
                "POST /v1/stop HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n", "413"},
        Refused{"chunks",
                "POST /v1/stop HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n11170\r\n" +
                    std::string(70'000, 'a') + "\r\n0\r\n\r\n",
                "411"},
        Refused{"two lengths",
                "POST /v1/stop HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400"}),
    [](const auto& each) {
      std::string name = each.param.name;
      for (char& c : name)
        c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
      return name;
    });

TEST_F(HttpFrontTest, WhoeverAsksForContinueGetsItOnce) {
  EXPECT_EQ(
      output_of("POST /v1/stop HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"),
      "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_FALSE(front_.next());
  EXPECT_THAT(output_of("{}"), StartsWith("HTTP/1.1 202 "));
}

TEST_F(HttpFrontTest, AConsoleGetsTheBytesThatCameAlready) {
  take(
      "GET /v1/consoles/hvc0?write=false&rows=24 HTTP/1.1\r\nConnection: Upgrade\r\n"
      "Upgrade: skiff-console\r\n\r\nearly");
  const auto step = front_.next();
  ASSERT_TRUE(step);
  EXPECT_THAT(step->output, StartsWith("HTTP/1.1 101 Switching Protocols\r\n"));
  const auto* const console = std::get_if<ApiAnswer::Console>(&step->then);
  ASSERT_NE(console, nullptr);
  EXPECT_EQ(console->name, "hvc0");
  EXPECT_FALSE(console->request.write);
  EXPECT_EQ(console->request.rows, 24);
  EXPECT_EQ(front_.take_rest(), "early");
}

TEST_F(HttpFrontTest, EventsAreChunkedUnlessTheClientIsTooOldForThat) {
  take("GET /v1/events?after=7 HTTP/1.1\r\n\r\n");
  auto step = front_.next();
  ASSERT_TRUE(step);
  EXPECT_THAT(step->output, HasSubstr("Transfer-Encoding: chunked\r\n"));
  const auto* events = std::get_if<HttpFront::Events>(&step->then);
  ASSERT_NE(events, nullptr);
  EXPECT_EQ(events->wanted.after, 7U);
  EXPECT_TRUE(events->chunked);
  take("GET /v1/events HTTP/1.0\r\n\r\n");
  step = front_.next();
  EXPECT_FALSE(std::get_if<HttpFront::Events>(&step->then)->chunked);
}

TEST_F(HttpFrontTest, Chunks) {
  EXPECT_EQ(render_chunk(std::string(26, 'x')), "1a\r\n" + std::string(26, 'x') + "\r\n");
  EXPECT_EQ(render_chunk(""), "0\r\n\r\n");
}

}  // namespace
}  // namespace skiff::test
