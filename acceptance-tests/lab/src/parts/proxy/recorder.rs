//! What the provider asked, and which of its requests are cut.

use std::collections::{BTreeMap, VecDeque};

use http::{Method, Uri};

use crate::requests::{Cut, Fate, Request, Way};

/// How many requests are remembered. A thousand applications make fewer.
const REMEMBERED: usize = 50_000;

/// What of a query says what is done.
const TOLD: &[&str] = &["fieldManager", "dryRun", "labelSelector"];

/// Resources of the API that are questions, although they are asked with a POST, and tokens, which nobody keeps.
const QUESTIONS: &[&str] = &[
    "tokenreviews",
    "subjectaccessreviews",
    "localsubjectaccessreviews",
    "selfsubjectaccessreviews",
    "selfsubjectrulesreviews",
    "selfsubjectreviews",
    "token",
];

/// The log, and the scopes in which mutating requests are counted and cut.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    last: u64,
    log: VecDeque<Request>,
    scopes: BTreeMap<String, Scope>,
}

#[derive(Debug, Default)]
struct Scope {
    /// The number of the last request before it began.
    since: u64,
    mutations: u64,
    cut: Option<Cut>,
    /// The number of the request that was cut.
    happened: Option<u64>,
}

/// What is to be done with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Its number.
    pub(crate) number: u64,
    /// Where it is cut, and in which scope.
    pub(crate) cut: Option<(Way, String)>,
}

impl Recorder {
    /// Begins a scope anew.
    pub(crate) fn watch(&mut self, scope: String, cut: Option<Cut>) {
        self.scopes.insert(scope, Scope { since: self.last, mutations: 0, cut, happened: None });
    }

    /// Takes the cut of a scope away.
    pub(crate) fn lift(&mut self, scope: &str) {
        if let Some(scope) = self.scopes.get_mut(scope) {
            scope.cut = None;
        }
    }

    /// Takes all cuts away.
    pub(crate) fn lift_all(&mut self) {
        self.scopes.values_mut().for_each(|scope| scope.cut = None);
    }

    /// Whether a scope has a cut.
    pub(crate) fn cuts(&self, scope: &str) -> bool {
        self.scopes.get(scope).is_some_and(|scope| scope.cut.is_some())
    }

    /// The request of a scope that was cut.
    pub(crate) fn cut_request(&self, scope: &str) -> Option<Request> {
        let number = self.scopes.get(scope)?.happened?;
        self.log.iter().find(|request| request.number == number).cloned()
    }

    /// The requests of a scope since it began; all, if it never did.
    pub(crate) fn requests(&self, scope: &str) -> Vec<Request> {
        let since = self.scopes.get(scope).map_or(0, |scope| scope.since);
        let is_its = |request: &&Request| request.number > since && request.path.contains(scope);
        self.log.iter().filter(is_its).cloned().collect()
    }

    /// Takes note of a request and says what becomes of it.
    pub(crate) fn begin(&mut self, method: &Method, uri: &Uri) -> Verdict {
        self.last += 1;
        let path = uri.path().to_owned();
        let query = told(uri.query().unwrap_or_default());
        let is_mutation = is_mutation(method, &path, &query);
        let mut cut = None;
        if is_mutation {
            for (name, scope) in self.scopes.iter_mut().filter(|(name, _)| path.contains(name.as_str())) {
                scope.mutations += 1;
                if let Some(Cut { nth, way }) = scope.cut
                    && nth == scope.mutations
                {
                    cut = Some((way, name.clone()));
                }
            }
        }
        let method = method.as_str().to_owned();
        self.log.push_back(Request {
            number: self.last,
            method,
            path,
            query,
            is_mutation,
            answer: Fate::Open,
        });
        if self.log.len() > REMEMBERED {
            self.log.pop_front();
        }
        Verdict { number: self.last, cut }
    }

    /// Takes note of what came of a request.
    pub(crate) fn end(&mut self, verdict: &Verdict, fate: Fate) {
        if let Some(request) = self.log.iter_mut().rev().find(|request| request.number == verdict.number) {
            request.answer = fate;
        }
        if let (Some((_, scope)), Fate::NeverArrived | Fate::Unheard(_)) = (&verdict.cut, fate)
            && let Some(scope) = self.scopes.get_mut(scope)
        {
            scope.happened = Some(verdict.number);
        }
    }
}

/// What of a query says what is done, without percent-encoding: these values need none.
fn told(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(key, _)| TOLD.contains(key))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn is_mutation(method: &Method, path: &str, query: &[(String, String)]) -> bool {
    let changes = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method);
    let is_question = path.rsplit('/').next().is_some_and(|resource| QUESTIONS.contains(&resource));
    changes && !is_question && !query.iter().any(|(key, _)| key == "dryRun")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(recorder: &mut Recorder, method: &Method, uri: &'static str) -> Verdict {
        recorder.begin(method, &Uri::from_static(uri))
    }

    #[test]
    fn what_lasts_is_counted_and_nothing_else() {
        let mut recorder = Recorder::default();
        recorder.watch("demo".to_owned(), Some(Cut { nth: 2, way: Way::After }));
        let counts = [
            (Method::GET, "/api/v1/namespaces/demo"),
            (Method::PATCH, "/api/v1/namespaces/demo?fieldManager=m&dryRun=All"),
            (Method::POST, "/apis/authorization.k8s.io/v1/namespaces/demo/localsubjectaccessreviews"),
            (Method::POST, "/api/v1/namespaces/demo/serviceaccounts/a/token"),
            (Method::PATCH, "/api/v1/namespaces/other"),
            (Method::PATCH, "/api/v1/namespaces/demo?fieldManager=m"),
        ];
        for (method, uri) in &counts {
            assert_eq!(begin(&mut recorder, method, uri).cut, None, "{method} {uri}");
        }
        let second = begin(&mut recorder, &Method::DELETE, "/api/v1/namespaces/demo");
        assert_eq!(second.cut, Some((Way::After, "demo".to_owned())));
        assert_eq!(begin(&mut recorder, &Method::DELETE, "/api/v1/namespaces/demo").cut, None);
        assert_eq!(recorder.requests("demo").iter().filter(|request| request.is_mutation).count(), 3);
        assert_eq!(recorder.requests("").len(), 8);
    }

    #[test]
    fn a_cut_has_happened_only_when_it_has() {
        let mut recorder = Recorder::default();
        recorder.watch("demo".to_owned(), Some(Cut { nth: 1, way: Way::Hold }));
        let first = begin(&mut recorder, &Method::PATCH, "/api/v1/namespaces/demo");
        assert_eq!(recorder.cut_request("demo"), None);
        recorder.end(&first, Fate::Unheard(201));
        assert_eq!(recorder.cut_request("demo").unwrap().answer, Fate::Unheard(201));
        assert!(recorder.cuts("demo"));
        recorder.lift("demo");
        assert!(!recorder.cuts("demo"));
    }

    #[test]
    fn a_scope_that_begins_anew_leaves_the_others_alone() {
        let mut recorder = Recorder::default();
        recorder.watch("one".to_owned(), None);
        recorder.watch("two".to_owned(), Some(Cut { nth: 2, way: Way::Before }));
        for uri in ["/apis/one/a", "/apis/two/a", "/apis/one/two"] {
            begin(&mut recorder, &Method::GET, uri);
        }
        begin(&mut recorder, &Method::PATCH, "/apis/two/a");
        recorder.watch("one".to_owned(), None);
        begin(&mut recorder, &Method::GET, "/apis/one/b");
        let paths = |scope: &str| -> Vec<String> {
            recorder.requests(scope).into_iter().map(|request| request.path).collect()
        };
        assert_eq!(paths("one"), ["/apis/one/b"]);
        assert_eq!(paths("two"), ["/apis/two/a", "/apis/one/two", "/apis/two/a"]);
        assert_eq!(paths("").len(), 5);
        let cut = begin(&mut recorder, &Method::PATCH, "/apis/two/b").cut;
        assert_eq!(cut, Some((Way::Before, "two".to_owned())));
    }
}
