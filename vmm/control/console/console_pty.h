// A console on a pseudo-terminal, for screen, minicom and whatever wants a serial line: a symbolic
// link to a /dev/pts device. Whoever opens that gets what was said before, then all that follows,
// and is the writer if there is none.
//
// Nobody has it open most of the time, and then it costs nothing: Skiff keeps the other end closed
// and learns from inotify(7) when the device is opened and closed; a hung-up master is never waited
// for. Where inotify has reached its limit (fs.inotify.max_user_instances) Skiff holds the device
// open itself: then the console is written there always, a reader first finds the few KiB that
// fitted into the terminal, and nobody ever waits for it.
//
// The terminal is raw until its user sets it otherwise. Who opens it within a moment of another's
// close may go on where that one was.
//
// Thread rule: main thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <string>

#include "vmm/base/fd.h"
#include "vmm/control/console/console_hub.h"

namespace skiff {

class ConsolePty {
 public:
  // `link` is replaced if it is a symbolic link. `hub` outlives this. Throws HostError.
  ConsolePty(boost::asio::io_context& io, ConsoleHub& hub, std::string link);
  // Removes the link.
  ~ConsolePty();
  ConsolePty(const ConsolePty&) = delete;
  ConsolePty& operator=(const ConsolePty&) = delete;

  const std::string& link() const { return link_; }
  const std::string& device() const { return device_; }

 private:
  void await_users();
  void look();
  bool is_open() const;
  Fd open_device() const;
  void begin();
  void end();

  ConsoleHub& hub_;
  const std::string link_;
  Fd master_;
  std::string device_;
  Fd kept_open_;  // the device, without inotify
  boost::asio::posix::stream_descriptor news_;
  std::shared_ptr<ConsoleClient> client_;
};

}  // namespace skiff
