// One client of the control socket: its bytes to and from an HttpFront, and a deadline for each
// thing it has to do.
//
//   reading --request--> writing --all sent--> reading ...
//                           |-> waiting   (GET /v1/wait)     answered by vm_ended()
//                           |-> streaming (GET /v1/events)   a chunk for each event
//                           '-> handed over (a console)      the socket is the console's now
//
// Every client is somebody who may be slow, gone or hostile: a request has to be whole within
// kRequestTime of its first byte, a response taken within kResponseTime, an idle connection used
// within kIdleTime; a stream's reader may be at most kMostUnsent behind.
//
// Thread rule: the thread that runs the io_context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "vmm/base/fd.h"
#include "vmm/control/api/http_front.h"
#include "vmm/control/vm_control.h"

namespace skiff {

class ControlConnection : public std::enable_shared_from_this<ControlConnection> {
 public:
  static constexpr auto kRequestTime = std::chrono::seconds(10);
  static constexpr auto kResponseTime = std::chrono::seconds(10);
  static constexpr auto kIdleTime = std::chrono::seconds(60);
  static constexpr std::size_t kMostUnsent = 256 * 1024;

  // `socket`: a connected stream, non-blocking. `on_closed` is called once.
  ControlConnection(boost::asio::io_context& io, VmControl& vm,
                    std::function<void(ControlConnection&)> on_closed);
  // False where the reactor does not take it.
  bool start(Fd socket);
  // The VM has ended: answers who waits for that and what was asked before, ends streams, and
  // closes once all is sent.
  void vm_ended(const VmInfo& info);
  void close();

 private:
  enum class Mode { conversing, waiting, streaming, leaving };

  void proceed();
  void await_bytes();
  void on_readable();
  // True when nothing is left to send.
  bool flush();
  void await_room();
  void begin(const HttpFront::Step& step);
  void begin_events(const HttpFront::Events& events);
  void tell_end();
  void end_events();
  void hand_over(const ApiAnswer::Console& console);
  void on_event(const VmEvent& event);
  // From now until something has to have happened; wait_for_ever takes it back.
  void limit(std::chrono::steady_clock::duration time);
  void wait_for_ever();

  boost::asio::io_context& io_;
  VmControl& vm_;
  std::function<void(ControlConnection&)> on_closed_;
  boost::asio::posix::stream_descriptor socket_;
  boost::asio::steady_timer deadline_;
  HttpFront front_;
  Mode mode_ = Mode::conversing;
  std::string output_;
  HttpFront::Step step_;  // what is to be done once output_ has been sent
  bool awaits_bytes_ = false;
  bool awaits_room_ = false;
  bool request_timed_ = false;
  bool chunked_ = true;
  std::shared_ptr<void> subscription_;
  std::optional<VmInfo> ended_;
};

}  // namespace skiff
