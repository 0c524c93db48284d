//! The thin binary: arguments in, exit code out.

fn main() {
    let exit = threadlift::cli::run(std::env::args_os());
    std::process::exit(exit as i32);
}
