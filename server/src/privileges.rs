//! What the program does without. It needs its user's rights to the data directory and nothing else, wherever it runs; what confines it further
//! (no capability, a system that cannot be written) is the container's (`infra/Dockerfile`).

/// Gives up ever having more rights, for this thread and all threads and programs that come of it (`PR_SET_NO_NEW_PRIVS`, Linux): a helper such as
/// `ffmpeg` gains nothing from a setuid file. Says so if the user is root. To be called before there are other threads.
pub fn give_up() {
    #[cfg(target_os = "linux")]
    {
        if let Err(error) = rustix::thread::set_no_new_privs(true) {
            tracing::warn!(%error, "the system does not let the program give up rights");
        }
        if rustix::process::geteuid().is_root() {
            tracing::warn!("this is root, whose rights a shop never needs; give it a user of its own");
        }
    }
}
