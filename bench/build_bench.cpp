// What does it cost to compile a user's files, as multiples of a file that includes only the standard library?
#include "benches.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {

namespace {

namespace fs = std::filesystem;
using Words  = std::vector<std::string>;

const fs::path build_folder{EVENTLOOM_BUILD};
const fs::path source_folder{EVENTLOOM_SOURCE};

// Processor seconds of a program and of all that it starts.
double processor_seconds(const Words& words)
{
    const pid_t child = fork();
    require(child >= 0, "a process");
    if (child == 0) {
        setenv("CCACHE_DISABLE", "1", 1);
        std::vector<char*> arguments;
        for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
        arguments.push_back(nullptr);
        execvp(arguments[0], arguments.data());
        _exit(127);
    }
    int status = 0;
    rusage usage{};
    require(wait4(child, &status, 0, &usage) == child && status == 0, words.front() + " ... " + words.back());
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// A source tree: this one, or another one that it is compared with.
struct Tree {
    std::string who;
    fs::path folder;

    // Its own user file, where it needs another one than this tree's.
    fs::path user_file(const std::string& name) const
    {
        const auto own = folder / "bench" / "user_files" / name;
        return fs::exists(own) ? own : source_folder / "bench" / "user_files" / name;
    }
};

// How this build compiles a user's file, up to the name of the file: without ccache, with the headers of `tree`.
Words compiler_for(const Tree& tree)
{
    std::ifstream file{build_folder / "compile_commands.json"};
    const auto commands = nlohmann::json::parse(file);
    const auto known    = std::find_if(commands.begin(), commands.end(), [](const auto& command) {
        return command["file"].template get<std::string>().ends_with("/user_files/arrival.cpp");
    });
    require(known != commands.end(), "compile_commands.json says how the user's files are compiled");
    Words words;
    std::istringstream text{(*known)["command"].get<std::string>()};
    const std::string here = "-I" + source_folder.string();
    for (std::string word; text >> word && word != "-o";) {
        if (word.ends_with("ccache")) continue;
        words.push_back(word.starts_with(here) ? "-I" + tree.folder.string() + word.substr(here.size()) : word);
    }
    return words;
}

struct Work {
    std::string name;
    double target;                           // at most so many times the yardstick
    std::function<Words(const Tree&)> words; // for the compiler of the tree
};

fs::path write_source(const std::string& name, const std::string& text)
{
    const fs::path folder = fresh_directory("build-" + name);
    fs::create_directories(folder);
    std::ofstream{folder / "file.cpp"} << text;
    return folder / "file.cpp";
}

Words compile(const fs::path& source)
{
    return {"-o", "/dev/null", "-c", source.string()};
}

std::vector<Work> user_files()
{
    const auto file = [](std::string what, double target, std::string name) {
        return Work{"compile " + std::move(what), target,
                    [name = std::move(name)](const Tree& tree) { return compile(tree.user_file(name)); }};
    };
    return {file("a domain header of ten events, with its codec", 3, "reservation_codec.cpp"),
            file("two projections", 5, "reservation_rows.cpp"), file("a saga of six steps", 6, "arrival.cpp"),
            file("a file of commands", 5, "desk_commands.cpp")};
}

std::vector<Work> headers()
{
    const auto parse = [](const std::string& header, double target) {
        return Work{"parse <eventloom/" + header + ">", target, [header](const Tree&) {
                        const auto source = write_source("header", "#include <eventloom/" + header + ">\n");
                        return Words{"-fsyntax-only", source.string()};
                    }};
    };
    // What headers of a domain and files of commands include, and what belongs in one source file each.
    constexpr double light = 2.5;
    constexpr double heavy = 5;
    return {parse("framework/aggregate.hpp", light),    parse("projections/projected.hpp", light),
            parse("service/command_line.hpp", light),   parse("framework/event_codec.hpp", heavy),
            parse("projections/projection.hpp", heavy), parse("sagas/saga.hpp", heavy),
            parse("service/service.hpp", heavy),        parse("eventloom.hpp", heavy)};
}

constexpr auto yardstick = "<string> <vector> <map> <functional>";

// Rows of the same kind of work, each beside the yardstick done the same way. The trees and the yardstick take turns.
void measure_rows(const std::vector<Work>& works, const Words& yardstick_words, const std::vector<Tree>& trees,
                  unsigned rounds, std::vector<Row>& rows)
{
    const auto run = [](const Tree& tree, const Words& added) {
        Words words = compiler_for(tree);
        words.insert(words.end(), added.begin(), added.end());
        return processor_seconds(words);
    };
    std::vector<double> yard;
    std::map<std::pair<std::string, std::string>, std::vector<double>> seconds; // of work and tree
    for (unsigned round = 0; round < rounds; ++round) {
        say(fmt::format("round {} of {}", round + 1, rounds));
        for (const Work& work : works) {
            yard.push_back(run(trees.front(), yardstick_words));
            for (const Tree& tree : trees) seconds[{work.name, tree.who}].push_back(run(tree, work.words(tree)));
        }
    }
    for (const Work& work : works) {
        Row row{.name = work.name, .unit = "processor s", .target = Target::at_most_times_the_last(work.target)};
        for (const Tree& tree : trees) row.figures.push_back({tree.who, spread_of(seconds[{work.name, tree.who}])});
        row.figures.push_back({yardstick, spread_of(yard)});
        rows.push_back(std::move(row));
    }
}

// Builds of everything, from nothing, each in a folder of its own; with what a change of one domain costs afterwards.
class WholeBuild {
public:
    explicit WholeBuild(const Tree& tree)
        : tree_{tree}, folder_{fresh_directory("whole-" + tree.folder.filename().string())}
    {
    }
    ~WholeBuild() { remove_directory(folder_); }

    double shop()
    {
        return processor_seconds({"cmake", "-S", tree_.folder.string(), "-B", folder_, "--preset", "release",
                                  "-DCMAKE_CXX_COMPILER_LAUNCHER="}) +
               ninja("shop");
    }
    double everything() { return ninja("all"); }
    // Wall clock: that is what one waits for.
    double changed_domain()
    {
        const auto header = tree_.folder / "samples/shop/src/orders/order.hpp";
        const auto before = fs::last_write_time(header);
        fs::last_write_time(header, fs::file_time_type::clock::now());
        const double seconds = seconds_of([&] { ninja("shop"); });
        fs::last_write_time(header, before);
        return seconds;
    }

private:
    double ninja(const std::string& target)
    {
        say(tree_.who + ": " + target);
        return processor_seconds({"ninja", "--quiet", "-C", folder_, target});
    }

    const Tree& tree_;
    std::string folder_;
};

void measure_whole(const std::vector<Tree>& trees, std::vector<Row>& rows)
{
    Row shop{.name = "build the shop from nothing", .unit = "processor s", .target = Target::at_most(7 * 60)};
    Row all{.name   = "build everything, tests and bench included",
            .unit   = "processor s",
            .target = Target::at_most(18 * 60)};
    Row changed{.name = "one domain changed, shop ready again", .unit = "s", .target = Target::at_most(6)};
    for (const Tree& tree : trees) {
        WholeBuild build{tree};
        const double for_shop = build.shop();
        shop.figures.push_back(once(tree.who, for_shop));
        changed.figures.push_back(once(tree.who, build.changed_domain()));
        all.figures.push_back(once(tree.who, for_shop + build.everything()));
    }
    rows.insert(rows.end(), {shop, all, changed});
}

} // namespace

std::vector<Row> measure_build(const Scale& scale)
{
    std::vector<Tree> trees{{"Eventloom", source_folder}};
    if (not scale.against.empty()) trees.push_back({scale.against, fs::absolute(scale.against)});
    const auto source =
        write_source("yardstick", "#include <functional>\n#include <map>\n#include <string>\n#include <vector>\n");

    std::vector<Row> rows;
    measure_rows(user_files(), compile(source), trees, scale.rounds, rows);
    measure_rows(headers(), {"-fsyntax-only", source.string()}, trees, scale.rounds, rows);
    if (scale.whole) measure_whole(trees, rows);
    return rows;
}

} // namespace bench
