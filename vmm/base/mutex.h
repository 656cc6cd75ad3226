// std::mutex and std::lock_guard with Clang's thread-safety annotations, so that "guarded by" in a
// class is checked by the compiler (-Wthread-safety under clang; nothing under g++).
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define SKIFF_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define SKIFF_THREAD_ANNOTATION(x)
#endif

#define SKIFF_GUARDED_BY(x) SKIFF_THREAD_ANNOTATION(guarded_by(x))
#define SKIFF_REQUIRES(...) SKIFF_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define SKIFF_EXCLUDES(...) SKIFF_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))

namespace skiff {

class SKIFF_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  void lock() SKIFF_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void unlock() SKIFF_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }
  bool try_lock() SKIFF_THREAD_ANNOTATION(try_acquire_capability(true)) {
    return mutex_.try_lock();
  }

 private:
  std::mutex mutex_;
};

class SKIFF_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) SKIFF_THREAD_ANNOTATION(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() SKIFF_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits take the Mutex itself (it is BasicLockable); the caller holds it before and after.
using ConditionVariable = std::condition_variable_any;

}  // namespace skiff
