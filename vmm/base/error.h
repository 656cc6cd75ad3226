// Host faults at set-up: exceptions with a sentence a person can act on, caught once per command.
// After a machine has started no Skiff code throws; running code returns std::expected values.
#pragma once

#include <stdexcept>
#include <string>

namespace skiff {

// The base of both: what() is one complete sentence (or several lines) ready to be printed.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What the user wrote (configuration, command line, a kernel image) cannot be used.
class ConfigError : public Error {
 public:
  using Error::Error;
};

// What the host refused (a system call, a missing KVM capability, a limit).
class HostError : public Error {
 public:
  using Error::Error;

  // "<what>: <strerror(error_number)>", and what to do where that is always the same.
  static HostError from_errno(const std::string& what, int error_number);
};

}  // namespace skiff
