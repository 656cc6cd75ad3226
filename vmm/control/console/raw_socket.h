// A console on a UNIX stream socket, for socat, nc and expect: the guest's bytes both ways and
// nothing else. Who connects first is the writer, if there is none; input of the others is read and
// dropped. What was said before comes first.
//
// Thread rule: main thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <string>

#include "vmm/base/fd.h"
#include "vmm/control/console/console_hub.h"

namespace skiff {

class RawSocket {
 public:
  // Listens at `path`, which is replaced if it is a socket already, with mode 0600. `hub` outlives
  // this. Throws HostError.
  RawSocket(boost::asio::io_context& io, ConsoleHub& hub, std::string path);
  // Removes the path.
  ~RawSocket();
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  const std::string& path() const { return path_; }

 private:
  void await_client();
  void accept_all();

  ConsoleHub& hub_;
  const std::string path_;
  boost::asio::posix::stream_descriptor listener_;
  boost::asio::steady_timer retry_timer_;  // only while the process has no descriptor left
};

}  // namespace skiff
