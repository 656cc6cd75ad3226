// The control API (docs/control.md) on a VM's listening socket.
//
// Only the socket's owner and root are answered. At most kMostConnections at once; one more is told
// so and closed. When the process has no descriptors left, nobody is accepted for kPause; so it
// does not spin. Without clients nothing here ever wakes.
//
// Thread rule: the thread that runs the io_context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <vector>

#include "vmm/base/fd.h"
#include "vmm/control/api/control_connection.h"
#include "vmm/control/vm_control.h"

namespace skiff {

class ControlServer {
 public:
  static constexpr std::size_t kMostConnections = 64;
  static constexpr auto kPause = std::chrono::seconds(1);

  // `listener`: non-blocking, of RunDirectory::listen. Throws HostError where it cannot be waited
  // for.
  ControlServer(boost::asio::io_context& io, VmControl& vm, Fd listener);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  // The VM has ended (`info` says how): tells who waits or listens, then runs the io_context until
  // all have taken what is theirs, or for `patience`.
  void finish(const VmInfo& info, std::chrono::steady_clock::duration patience);

 private:
  void await_client();
  void accept_clients();
  void admit(Fd client);
  void forget(const ControlConnection& connection);

  boost::asio::io_context& io_;
  VmControl& vm_;
  boost::asio::posix::stream_descriptor listener_;
  boost::asio::steady_timer pause_;
  std::vector<std::shared_ptr<ControlConnection>> connections_;
};

}  // namespace skiff
