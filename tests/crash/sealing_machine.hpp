// A machine that makes and destroys the keys of personal data, on a disk whose power is cut.
#pragma once

#include "simulated_disk/simulated_disk.hpp"
#include "support/simulated_secrets.hpp"

#include <eventloom/framework/runtime.hpp>
#include <eventloom/storage/syncing_env.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom::testing {

class SealingMachine {
public:
    explicit SealingMachine(std::uint64_t seed)
        : simulated_{seed}, disk_{seed, DirectoryModel::strict}, secrets_{runtime_, seed}
    {
    }
    // One that finds this on its disk.
    SealingMachine(std::uint64_t seed, const DiskImage& image)
        : simulated_{seed}, disk_{seed, image}, secrets_{runtime_, seed}
    {
    }

    SimulatedExecutor& simulated() { return simulated_; }
    SimulatedDisk& disk() { return disk_; }
    const Runtime& runtime() const { return runtime_; }
    Secrets& secrets() { return secrets_; }

    // What lies on the disk before each change that `work` makes.
    std::vector<DiskImage> images_of(const std::function<void()>& work)
    {
        std::vector<DiskImage> images;
        disk_.before_each_change([&] { images.push_back(disk_.image()); });
        work();
        disk_.before_each_change({});
        return images;
    }

    std::vector<std::string> files_with(std::string_view text) const
    {
        std::vector<std::string> found;
        for (const auto& [path, content] : disk_.files()) {
            if (content.find(text) != std::string::npos) found.push_back(path);
        }
        return found;
    }

private:
    SimulatedExecutor simulated_;
    SimulatedDisk disk_;
    SyncingEnv files_{&disk_, [this](const std::string&) { return disk_.sync_directory(); }};
    Runtime runtime_{simulated_, simulated_, simulated_, files_};
    SimulatedSecrets secrets_;
};

} // namespace eventloom::testing
