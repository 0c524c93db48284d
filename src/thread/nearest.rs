//! Which of several names a message takes, where its component has several: that of its nearest ancestor.
//!
//! Distances are found by breadth from the named ids towards their replies, so each reference is looked at a few times
//! however long the chain is, and a loop ends where every id in it has its distance.

use super::{Graph, Short};
use std::collections::HashMap;

/// The nearest named ancestor of every id in the components asked about.
pub(super) struct Nearest {
    /// By node: references to follow to the nearest name, [`FAR`] if none leads to one; and the node that has it.
    ways: Vec<(u32, u32)>,
}

/// No way leads to a name.
const FAR: u32 = u32::MAX;

impl Nearest {
    /// Looks at the components for which `is_asked` holds of their nodes.
    pub(super) fn of(graph: &Graph, named: &HashMap<u32, Short>, is_asked: impl Fn(u32) -> bool) -> Self {
        let mut level: Vec<u32> = named.keys().copied().filter(|node| is_asked(*node)).collect();
        let mut nearest = Self { ways: Vec::new() };
        if level.is_empty() {
            return nearest;
        }
        nearest.ways = vec![(FAR, FAR); graph.nodes.len()];
        for node in &level {
            nearest.reach(*node, (0, *node));
        }
        let replies = Replies::of(graph, is_asked);
        let mut distance = 0;
        while !level.is_empty() {
            let mut next = Vec::new();
            for reply in level.iter().flat_map(|node| replies.to(*node)) {
                // Of several references at this distance the last decides: it is the nearest to the message itself.
                let from = graph.speaker(*reply).and_then(|message| nearest.last_at(graph, message, distance));
                if nearest.distance(*reply) == FAR
                    && let Some(from) = from
                {
                    nearest.reach(*reply, (distance + 1, from));
                    next.push(*reply);
                }
            }
            level = next;
            distance += 1;
        }
        nearest
    }

    /// The node whose name a message takes by its own references.
    pub(super) fn to(&self, graph: &Graph, message: u32) -> Option<u32> {
        let distance = graph.parents(message).map(|parent| self.distance(parent)).min()?;
        if distance == FAR { None } else { self.last_at(graph, message, distance) }
    }

    fn last_at(&self, graph: &Graph, message: u32, distance: u32) -> Option<u32> {
        let parent = graph.parents(message).rev().find(|parent| self.distance(*parent) == distance)?;
        self.ways.get(parent as usize).map(|(_, from)| *from)
    }

    fn distance(&self, node: u32) -> u32 {
        self.ways.get(node as usize).map_or(FAR, |(distance, _)| *distance)
    }

    fn reach(&mut self, node: u32, way: (u32, u32)) {
        if let Some(slot) = self.ways.get_mut(node as usize) {
            *slot = way;
        }
    }
}

/// References the other way round: by node, the nodes that refer to it.
struct Replies {
    /// Where the replies of each node end; they begin where those of the node before end.
    ends: Vec<usize>,
    replies: Vec<u32>,
}

impl Replies {
    fn of(graph: &Graph, is_asked: impl Fn(u32) -> bool) -> Self {
        let asked: Vec<u32> = (0..).zip(&graph.nodes).map(|(node, _)| node).filter(|node| is_asked(*node)).collect();
        let pairs = || {
            let referring = asked.iter().filter_map(|node| Some((*node, graph.speaker(*node)?)));
            referring.flat_map(|(node, message)| graph.parents(message).map(move |parent| (parent as usize, node)))
        };
        let mut ends = vec![0; graph.nodes.len()];
        for (parent, _) in pairs() {
            if let Some(count) = ends.get_mut(parent) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for end in &mut ends {
            // For now where they begin; filling moves each to its end.
            sum += std::mem::replace(end, sum);
        }
        let mut replies = vec![0; sum];
        for (parent, node) in pairs() {
            if let Some(end) = ends.get_mut(parent) {
                if let Some(slot) = replies.get_mut(*end) {
                    *slot = node;
                }
                *end += 1;
            }
        }
        Self { ends, replies }
    }

    fn to(&self, node: u32) -> &[u32] {
        let at = node as usize;
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        let end = self.ends.get(at).copied().unwrap_or_default();
        self.replies.get(start..end).unwrap_or_default()
    }
}
