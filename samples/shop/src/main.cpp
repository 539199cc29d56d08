#include "commands.hpp"

int main(int argc, char** argv)
{
    return shop::ShopCommandLine{}.run(argc, argv);
}
