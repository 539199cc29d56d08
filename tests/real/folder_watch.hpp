// Waits until something in a folder changes, which another process may do.
//
//     FolderWatch watch{folder};
//     while (not is_there(file)) watch.wait();
//
// It misses nothing that changes after it was made. Threads: one.
#pragma once

#include <chrono>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/inotify.h>
#include <unistd.h>

namespace eventloom::testing {

class FolderWatch {
public:
    explicit FolderWatch(const std::string& folder) : changes_{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)}
    {
        if (::inotify_add_watch(changes_, folder.c_str(), IN_CREATE | IN_MOVED_TO | IN_MODIFY) < 0) {
            ::close(changes_);
            throw std::runtime_error{"asked to watch " + folder + " and found that it cannot be"};
        }
    }
    ~FolderWatch() { ::close(changes_); }
    FolderWatch(const FolderWatch&)            = delete;
    FolderWatch& operator=(const FolderWatch&) = delete;

    // At most so long; below zero: without an end.
    void wait(std::chrono::milliseconds longest = std::chrono::milliseconds{-1})
    {
        pollfd changed{changes_, POLLIN, 0};
        ::poll(&changed, 1, static_cast<int>(longest.count()));
        char seen[4096];
        while (::read(changes_, seen, sizeof seen) > 0) {
        }
    }

private:
    int changes_;
};

} // namespace eventloom::testing
