#include "vmm/machine/io_threads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "vmm/base/error.h"

namespace skiff {
namespace {

// Runs `work` on the executor's thread and waits for what it returns.
template <typename Work>
auto on(Executor& executor, Work work) {
  std::promise<decltype(work())> result;
  executor.post([&] { result.set_value(work()); });
  return result.get_future().get();
}

std::string thread_name() {
  std::array<char, 16> name{};
  ::pthread_getname_np(::pthread_self(), name.data(), name.size());
  return name.data();
}

// Those that IoThreads named: a sanitizer may have a thread of its own.
std::size_t io_threads_of_this_process() {
  std::size_t count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream comm(task.path() / "comm");
    std::string name;
    std::getline(comm, name);
    if (name.starts_with("skiff/")) ++count;
  }
  return count;
}

TEST(IoThreads, NoneRunsUntilItIsAskedFor) {
  IoThreads threads(
      {IoThreadConfig{.name = "disk0", .cpus = {}}, IoThreadConfig{.name = "net0", .cpus = {}}});
  EXPECT_EQ(io_threads_of_this_process(), 0U);
  EXPECT_EQ(threads.running(), 0U);
  EXPECT_EQ(on(threads.executor("net0"), thread_name), "skiff/net0");
  EXPECT_EQ(threads.running(), 1U);
  EXPECT_EQ(io_threads_of_this_process(), 1U);
}

TEST(IoThreads, ANameIsAlwaysTheSameThread) {
  IoThreads threads(
      {IoThreadConfig{.name = "disk0", .cpus = {}}, IoThreadConfig{.name = "net0", .cpus = {}}});
  Executor& disk = threads.executor("disk0");
  EXPECT_EQ(&threads.executor("disk0"), &disk);
  EXPECT_NE(&threads.executor("net0"), &disk);
  EXPECT_EQ(on(disk, thread_name), "skiff/disk0");
  EXPECT_TRUE(on(disk, [&] { return disk.runs_here(); }));
  EXPECT_FALSE(disk.runs_here());
}

TEST(IoThreads, ALongNameIsCut) {
  IoThreads threads({IoThreadConfig{.name = "a-very-long-name", .cpus = {}}});
  EXPECT_EQ(on(threads.executor(""), thread_name), "skiff/a-very-lo");
}

TEST(IoThreads, ThoseWhoNameNoneAreSpread) {
  IoThreads threads(
      {IoThreadConfig{.name = "a", .cpus = {}}, IoThreadConfig{.name = "b", .cpus = {}}});
  Executor& first = threads.executor("");
  Executor& second = threads.executor("");
  EXPECT_NE(&first, &second);
  EXPECT_EQ(&threads.executor(""), &first);
  EXPECT_EQ(&threads.executor("b"), &second);
}

TEST(IoThreads, WithoutConfigurationThereIsOne) {
  IoThreads threads{std::vector<IoThreadConfig>()};
  EXPECT_EQ(threads.running(), 0U);
  EXPECT_EQ(on(threads.executor(""), thread_name), "skiff/io0");
  EXPECT_EQ(&threads.executor(""), &threads.executor("io0"));
  EXPECT_EQ(threads.running(), 1U);
}

TEST(IoThreads, AnUnknownNameIsAnErrorOfTheConfiguration) {
  IoThreads threads{std::vector<IoThreadConfig>()};
  EXPECT_THROW(threads.executor("disk0"), ConfigError);
}

TEST(IoThreads, SignalsOfTheProcessAreBlockedThereAndOnlyThere) {
  IoThreads threads{std::vector<IoThreadConfig>()};
  const auto blocked = [](int signal_number) {
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    return ::sigismember(&mask, signal_number) == 1;
  };
  Executor& executor = threads.executor("");
  EXPECT_FALSE(blocked(SIGTERM));
  EXPECT_TRUE(on(executor, [&] { return blocked(SIGTERM); }));
  EXPECT_TRUE(on(executor, [&] { return blocked(SIGUSR1); }));
  EXPECT_FALSE(on(executor, [&] { return blocked(SIGSEGV); }));
}

TEST(IoThreads, RunsOnTheProcessorsItWasGiven) {
  cpu_set_t mine;
  ASSERT_EQ(::sched_getaffinity(0, sizeof mine, &mine), 0);
  std::uint32_t last = 0;
  for (std::uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &mine)) last = cpu;
  IoThreads threads({IoThreadConfig{.name = "bound", .cpus = {last}}});
  const auto set = on(threads.executor(""), [] {
    cpu_set_t own;
    ::sched_getaffinity(0, sizeof own, &own);
    return own;
  });
  EXPECT_EQ(CPU_COUNT(&set), 1);
  EXPECT_TRUE(CPU_ISSET(last, &set));
}

TEST(IoThreads, ProcessorsTheHostDoesNotHaveAreRefusedAndNothingRuns) {
  IoThreads threads({IoThreadConfig{.name = "bound", .cpus = {1000, 1001}}});
  try {
    threads.executor("bound");
    FAIL() << "no error";
  } catch (const HostError& error) {
    EXPECT_THAT(error.what(),
                testing::HasSubstr("I/O thread bound cannot be bound to processors 1000, 1001"));
  }
  // The kernel lists a thread for a moment after it was joined.
  for (int i = 0; i < 1000 && io_threads_of_this_process() != 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(io_threads_of_this_process(), 0U);
  EXPECT_EQ(threads.running(), 0U);
}

TEST(IoThreads, WhatWasPostedIsRunBeforeTheEnd) {
  std::atomic<int> ran{0};
  {
    IoThreads threads{std::vector<IoThreadConfig>()};
    Executor& executor = threads.executor("");
    for (int i = 0; i < 1000; ++i)
      executor.post([&ran] { ++ran; });
  }
  EXPECT_EQ(ran, 1000);
}

}  // namespace
}  // namespace skiff
