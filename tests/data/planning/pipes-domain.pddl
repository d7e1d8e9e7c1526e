; water flows through open valves: what is wet is derived
(define (domain pipes)
  (:requirements :strips :typing :derived-predicates :negative-preconditions)
  (:types tank valve - object)
  (:predicates (joins ?v - valve ?a ?b - tank) (open ?v - valve) (source ?t - tank) (wet ?t - tank) (keeper ?v - valve ?t - tank))
  (:derived (wet ?t - tank) (or (source ?t) (exists (?v - valve ?a - tank) (and (open ?v) (joins ?v ?a ?t) (wet ?a)))))
  (:action turn-on :parameters (?v - valve ?t - tank) :precondition (and (keeper ?v ?t) (not (wet ?t)) (not (open ?v))) :effect (open ?v))
  (:action turn-off :parameters (?v - valve) :precondition (open ?v) :effect (not (open ?v))))
