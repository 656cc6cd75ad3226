// One connection to a console: a `skiff console` (frames), a raw UNIX stream socket, or a
// pseudo-terminal. It has its own position in the console's output and a bounded buffer for input
// that the guest has not taken yet; the hub says who is the writer and who is waited for.
//
//   OutputHistory --[position]--> frames --> stream
//   stream -> received -> frames -> Owner::on_input; what that does not take waits here, and the
//   stream is not read on until resume_input()
//
// A client that holds producers is sent from the ring itself, without a copy. For one that does
// not, the next 64 KiB are copied out first, since they may be overwritten at any time.
//
// Thread rule: main thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/base/fd.h"
#include "vmm/control/console/console_frames.h"
#include "vmm/control/console/output_history.h"

namespace skiff {

struct ClientWindow {
  std::uint16_t columns = 0;  // 0: unknown
  std::uint16_t rows = 0;
};

// "process 1234": who has connected the other end of a UNIX socket.
std::string process_at(int socket);

class ConsoleClient final : public std::enable_shared_from_this<ConsoleClient> {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Kind { framed, socket, pty };
  enum class Sent { all, some, blocked, gone };

  // Whoever has the client. A client that was closed calls nothing any more.
  class Owner {
   public:
    virtual ~Owner() = default;
    // The stream takes bytes again.
    virtual void on_writable(ConsoleClient& client) = 0;
    // Takes as much as the guest has room for; all of it if this is not the writer.
    virtual std::size_t on_input(ConsoleClient& client, std::span<const std::byte> bytes) = 0;
    virtual void on_window(ConsoleClient& client) = 0;
    virtual void on_break(ConsoleClient& client) = 0;
    virtual void on_role_asked(ConsoleClient& client, RoleRequest request) = 0;
    // It will send no more, or it is gone altogether (closed()).
    virtual void on_input_end(ConsoleClient& client) = 0;
  };

  // `who`: for messages. Throws nothing: a stream that cannot be waited for is closed at once.
  ConsoleClient(boost::asio::io_context& io, Owner& owner, Kind kind, Fd stream, std::string who);
  // Reads from now on; `early` are bytes that came before.
  void start(std::span<const std::byte> early);

  Kind kind() const { return kind_; }
  bool framed() const { return kind_ == Kind::framed; }
  const std::string& who() const { return who_; }
  bool closed() const { return closed_; }
  void close();

  // To the person at the other end. Raw streams are told nothing: all they carry is the guest's.
  void say(std::string_view text);
  void tell_role(bool writer);
  void tell_ended(int exit_status);

  // One system call's worth of what there is for it. After `blocked`, on_writable comes.
  Sent send_some(OutputHistory& history);
  bool waits_for_room() const { return waits_for_room_; }
  // Everything said so far, and all of the output up to `head`, has gone into the stream.
  bool up_to(std::uint64_t head) const;

  // Where it reads next. Set by its owner before anything is sent.
  std::uint64_t position() const { return position_; }
  void set_position(std::uint64_t position) { position_ = position; }
  // It is there whether anybody reads or not: nobody waits for it, and it is never the writer, but
  // heard while there is none. Set before anything is sent.
  bool is_casual() const { return casual_; }
  void set_casual() { casual_ = true; }
  // Producers wait for it. The owner tells the history.
  bool holds() const { return holds_; }
  void start_holding() { holds_ = true; }
  // Takes what belongs to the frame begun out of the history, before its bytes may be overwritten.
  void stop_holding(OutputHistory& history);

  std::uint64_t sent_bytes() const { return sent_; }
  Clock::time_point progress_at() const { return progress_at_; }

  ClientWindow window{};  // as it said last
  // The owner's book-keeping of one look at who is slow.
  std::uint64_t sent_at_mark = 0;
  Clock::time_point marked_at{};

  // The guest may take bytes again.
  void resume_input();
  // What it has sent and nobody has taken is dropped: it is no longer the writer.
  void drop_input();

 private:
  void begin_output(OutputHistory& history);
  ssize_t send(std::span<iovec> parts);
  void consume(std::size_t sent);
  void await_room();
  void await_input();
  void await_end();
  void read_input();
  void process_input();
  bool act_on(const FramePart& part);
  void end_input();

  boost::asio::posix::stream_descriptor stream_;
  boost::asio::posix::stream_descriptor::native_handle_type fd_ = -1;
  Owner& owner_;
  const Kind kind_;
  const std::string who_;
  bool closed_ = false;

  std::uint64_t position_ = 0;
  bool casual_ = false;
  bool holds_ = false;
  bool waits_for_room_ = false;
  std::vector<std::byte> pending_;  // goes out first
  std::size_t pending_at_ = 0;
  std::size_t ring_rest_ = 0;      // then this much from position_ on: the rest of a frame
  std::vector<std::byte> queued_;  // then this: frames said meanwhile
  std::uint64_t sent_ = 0;         // [bytes]
  Clock::time_point progress_at_;

  FrameParser parser_{FrameParser::Sender::client};
  std::vector<std::byte> received_;
  std::span<const std::byte> unparsed_;  // of received_
  std::span<const std::byte> untaken_;   // of received_, before unparsed_
  bool reading_ = false;                 // for the stream to become readable
  bool input_open_ = true;
};

}  // namespace skiff
