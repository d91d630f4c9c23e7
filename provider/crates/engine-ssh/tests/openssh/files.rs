//! Files.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use engines::error::Kind;
use engines::machines::RemoteFile;

use crate::setup::{Sshd, limits, user};

fn mode(path: &std::path::Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

#[tokio::test]
async fn files_arrive_whole_with_their_mode_and_can_be_fetched() {
    let Some(server) = Sshd::start().await else { return };
    let machine = server.machine().await;
    let all_bytes: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[(n % 3) as usize]).collect();
    for (name, bytes, wanted) in [
        ("plain", b"hello\n".to_vec(), 0o644),
        ("empty", Vec::new(), 0o600),
        ("it's a $(name) with \"quotes\"", b"x".to_vec(), 0o755),
        ("-n", b"x".to_vec(), 0o640),
        ("big", all_bytes, 0o444),
    ] {
        let path = server.path(name);
        let text = path.to_str().unwrap();
        for _ in 0..2 {
            machine.put(&RemoteFile::plain(text, wanted, bytes.clone()), &limits()).await.unwrap();
        }
        assert!(std::fs::read(&path).unwrap() == bytes, "{name}");
        assert_eq!(mode(&path), wanted, "{name}");
        assert!(machine.get(text, &limits()).await.unwrap() == Some(bytes), "{name}");
    }
    let left: Vec<_> = std::fs::read_dir(server.folder.path()).unwrap().filter_map(Result::ok).collect();
    assert!(left.iter().all(|entry| !entry.file_name().to_str().unwrap().contains("kurator-part")));
}

#[tokio::test]
async fn a_secret_is_private_and_follows_no_link_that_somebody_laid() {
    let Some(server) = Sshd::start().await else { return };
    let machine = server.machine().await;
    let path = server.path("secret");
    std::fs::write(&path, "old").unwrap();
    std::os::unix::fs::symlink(server.path("trap"), server.path("secret.kurator-part")).unwrap();
    let file = RemoteFile::secret(path.to_str().unwrap(), "hunter2");
    machine.put(&file, &limits()).await.unwrap();
    assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), mode(&path)), ("hunter2", 0o600));
    assert!(!server.path("trap").exists());
}

#[tokio::test]
async fn an_owner_is_given_and_one_that_is_not_there_leaves_the_old_file() {
    let Some(server) = Sshd::start().await else { return };
    let machine = server.machine().await;
    let path = server.path("owned");
    let owned = |owner: &str| RemoteFile {
        owner: Some(owner.to_owned()),
        ..RemoteFile::plain(path.to_str().unwrap(), 0o644, owner)
    };
    machine.put(&owned(&user()), &limits()).await.unwrap();
    if user() == "root" {
        machine.put(&owned("nobody"), &limits()).await.unwrap();
        assert_ne!(path.metadata().unwrap().uid(), 0);
    }
    let before = std::fs::read(&path).unwrap();
    let error = machine.put(&owned("no-such-user"), &limits()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Rejected);
    assert!(error.chain().contains("no-such-user"), "{}", error.chain());
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn what_is_not_there_is_none_and_what_is_no_file_is_refused() {
    let Some(server) = Sshd::start().await else { return };
    let machine = server.machine().await;
    std::fs::write(server.path("file"), "").unwrap();
    std::os::unix::fs::symlink("nowhere", server.path("dangling")).unwrap();
    for name in ["absent", "absent/deeper", "file/deeper", "dangling"] {
        let path = server.path(name);
        assert_eq!(machine.get(path.to_str().unwrap(), &limits()).await.unwrap(), None, "{name}");
    }
    let folder = server.folder.path().to_str().unwrap();
    let error = machine.get(folder, &limits()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Rejected);
    assert!(error.chain().contains("it is no file"), "{}", error.chain());
    for path in [folder.to_owned(), format!("{folder}/absent/x"), "relative".to_owned()] {
        let error = machine.put(&RemoteFile::plain(path, 0o644, "x"), &limits()).await.unwrap_err();
        assert_eq!(error.kind, Kind::Rejected, "{}", error.chain());
    }
    let big = std::fs::File::create(server.path("big")).unwrap();
    big.set_len(engines::machines::MOST_FILE as u64 + 1).unwrap();
    let error = machine.get(server.path("big").to_str().unwrap(), &limits()).await.unwrap_err();
    assert!(error.chain().contains("are the most that are fetched"), "{}", error.chain());
}

#[tokio::test]
async fn a_file_that_may_not_be_read_is_not_taken_for_absent() {
    let Some(server) = Sshd::start().await else { return };
    if user() == "root" {
        println!("skipped: root reads everything");
        return;
    }
    std::fs::create_dir(server.path("closed")).unwrap();
    std::fs::write(server.path("closed/file"), "x").unwrap();
    std::fs::set_permissions(server.path("closed"), std::fs::Permissions::from_mode(0o000)).unwrap();
    let path = server.path("closed/file");
    let error = server.machine().await.get(path.to_str().unwrap(), &limits()).await.unwrap_err();
    std::fs::set_permissions(server.path("closed"), std::fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(error.kind, Kind::Rejected, "{}", error.chain());
}
