// What a VM's process may answer, by the client that reads it.
#include "vmm/control/client/http_response.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace skiff::test {
namespace {

using namespace std::string_view_literals;

// False: it was refused, at this piece or an earlier one.
bool put_in_pieces(HttpResponseReader& reader, std::string_view text, std::size_t piece) {
  std::string input;
  while (!text.empty()) {
    input += text.substr(0, piece);
    text.remove_prefix(std::min(piece, text.size()));
    std::string_view rest = input;
    if (!reader.put(rest)) return false;
    input.erase(0, input.size() - rest.size());
  }
  return true;
}

TEST(HttpResponse, AnAnswerWithALengthInPiecesOfAnySize) {
  constexpr auto kAnswer = "HTTP/1.1 409 Conflict\r\nContent-Length: 5\r\n\r\nhello"sv;
  for (std::size_t piece = 1; piece <= kAnswer.size(); ++piece) {
    HttpResponseReader reader;
    ASSERT_TRUE(put_in_pieces(reader, kAnswer.substr(0, kAnswer.size() - 1), piece));
    EXPECT_TRUE(reader.header_done());
    EXPECT_FALSE(reader.done());
    ASSERT_TRUE(put_in_pieces(reader, kAnswer.substr(kAnswer.size() - 1), piece));
    EXPECT_TRUE(reader.done());
    EXPECT_EQ(reader.status(), 409);
    EXPECT_EQ(reader.take_body(), "hello");
  }
}

TEST(HttpResponse, ABodyWithoutAnEndIsTakenAsItComes) {
  HttpResponseReader reader;
  ASSERT_TRUE(put_in_pieces(reader, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\none\n"sv, 1000));
  EXPECT_EQ(reader.take_body(), "one\n");
  ASSERT_TRUE(put_in_pieces(reader, "two\n"sv, 1000));
  EXPECT_FALSE(reader.done());
  EXPECT_EQ(reader.take_body(), "two\n");
}

TEST(HttpResponse, AnUpgradeLeavesWhatFollowsItsHeader) {
  HttpResponseReader reader;
  std::string_view input =
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nframes";
  ASSERT_TRUE(reader.put(input));
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(reader.status(), 101);
  EXPECT_EQ(input, "frames");
}

// Broken chunk headers among them, on which Beast 1.81 asserts.
TEST(HttpResponse, ChunksAreRefused) {
  for (const auto body : {"5\r\nhello\r\n0\r\n\r\n"sv, "\r\n"sv, "5"sv, ";\r\n\r\n"sv, "x\r\n"sv,
                          "0\r\n\r"sv, "5\r\nhelloXX"sv, "5\r\nhello\r\n\r\n"sv,
                          "ffffffffffffffff\r\n"sv, "fffffffffffffffff\r\n"sv, ""sv}) {
    for (const auto field : {"Transfer-Encoding: chunked\r\n"sv,
                             "Transfer-Encoding: gzip, chunked\r\nConnection: close\r\n"sv}) {
      const std::string text = fmt::format("HTTP/1.1 200 OK\r\n{}\r\n{}", field, body);
      for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        HttpResponseReader reader;
        EXPECT_FALSE(put_in_pieces(reader, text, piece)) << text;
      }
    }
  }
}

TEST(HttpResponse, NoLengthMakesTheReaderTakeMemory) {
  constexpr auto kMost = HttpResponseReader::kMostBody;
  for (const auto& [length, fine] :
       {std::pair(std::to_string(kMost), true), std::pair(std::to_string(kMost + 1), false),
        std::pair(std::string("18446744073709551615"), false),
        std::pair(std::string("18446744073709551616"), false),
        std::pair(std::string("-1"), false)}) {
    HttpResponseReader reader;
    EXPECT_EQ(put_in_pieces(
                  reader, fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\nx", length), 7),
              fine)
        << length;
  }
  HttpResponseReader unread;
  ASSERT_TRUE(put_in_pieces(unread, "HTTP/1.1 200 OK\r\n\r\n"sv, 1000));
  EXPECT_TRUE(put_in_pieces(unread, std::string(kMost, 'x'), kMost));
  EXPECT_FALSE(put_in_pieces(unread, "x"sv, 1));
}

TEST(HttpResponse, AHeaderWithoutAnEndIsRefused) {
  const std::string header(2 * HttpResponseReader::kMostHeader, 'a');
  for (const std::string& text :
       {header, "HTTP/1.1 200 OK\r\na: " + header, "HTTP/1.1 200 " + header}) {
    HttpResponseReader reader;
    EXPECT_FALSE(put_in_pieces(reader, text, 1000));
  }
}

}  // namespace
}  // namespace skiff::test
