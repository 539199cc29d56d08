#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include <csignal>

// Under nohup and in the background of a script the tests inherit signals that are ignored, and so would the programs that
// they start: a test that ends such a program with a signal would then wait without an end.
int main(int argc, char** argv)
{
    for (const int ending : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) std::signal(ending, SIG_DFL);
    return Catch::Session().run(argc, argv);
}
